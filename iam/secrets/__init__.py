"""Secrets and keys that the server makes and holds."""
