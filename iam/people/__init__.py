"""People: their names, passwords, sessions and profiles."""
