"""The pages at which people look after their own account."""
