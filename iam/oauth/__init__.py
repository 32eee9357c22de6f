"""The vocabulary of OAuth: reasons, errors, scopes, resources and challenges."""
