"""Clients: their metadata and its rules, how they register, and how they prove themselves."""
