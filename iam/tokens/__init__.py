"""Tokens: their form, what they are worth, and how they end."""
