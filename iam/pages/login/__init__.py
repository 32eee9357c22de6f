"""The pages of logging in, choosing an account and logging out."""
