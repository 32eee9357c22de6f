"""The pages of personal and service tokens."""
