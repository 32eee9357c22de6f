"""What OpenID Connect tells of people: ID tokens, claims, subjects and the ends of sessions."""
