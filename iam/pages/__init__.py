"""Pages for people: one folder a journey."""
