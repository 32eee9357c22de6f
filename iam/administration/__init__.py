"""Administration: one module per noun, one function per action; it checks the rules and records the actor (`By`)."""
