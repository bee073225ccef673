"""“Hear it”: the 20 to 60 seconds of an episode around a quote, found by its words and checked by them."""
