"""The server process: its options, its start and end, the URL table, and the objects behind it."""
