"""People: passwords and sessions."""
