"""Pages for people: login, consent, applications, setup."""
