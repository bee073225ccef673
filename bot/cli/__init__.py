"""The command line `earmark`: verbs by subject, one module each."""
