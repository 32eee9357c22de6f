"""A standalone OAuth 2.0 and OpenID Connect authorization server on Twisted and PostgreSQL."""
