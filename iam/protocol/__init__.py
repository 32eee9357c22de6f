"""oauthlib, and what stands between it and the rest."""
