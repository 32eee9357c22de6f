"""One module per OAuth grant type."""
