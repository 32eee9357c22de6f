"""oauthlib, and our policy for it."""
