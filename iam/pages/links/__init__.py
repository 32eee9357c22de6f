"""The pages that mail leads to, and those that ask for such mail."""
