"""One module a grant type."""
