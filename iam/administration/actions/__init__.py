"""Actions: what can be done, each declared once for page, API and command, and performed by one function."""
