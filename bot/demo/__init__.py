"""The demo feed: three episodes of our own, served from this folder as https://demo.earmark.example/."""
