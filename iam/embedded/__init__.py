"""The embedded PostgreSQL: its binaries, its system user, its files, its processes, and the servers that share it."""
