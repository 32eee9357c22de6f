"""PostgreSQL: the only SQL in the project, one module per noun."""
