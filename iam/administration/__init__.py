"""Administration: one module a noun, one function an action, with its rules and its audit row; who asks says who it is (`By`)."""
