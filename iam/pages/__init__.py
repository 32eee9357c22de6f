"""Pages for people: one folder per journey."""
