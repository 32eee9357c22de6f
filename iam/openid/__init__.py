"""Keys and what they sign: JWTs of every kind."""
