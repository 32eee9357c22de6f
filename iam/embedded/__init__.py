"""The PostgreSQL of our own: its binaries, its user, its files, its processes, and who uses it."""
