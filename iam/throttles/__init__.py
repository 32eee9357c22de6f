"""Limits: how often anybody may try a secret or write, and how much work may be under way."""
