"""The `iam` command line, one module per noun."""
