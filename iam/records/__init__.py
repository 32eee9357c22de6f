"""Records: frozen values that every room may use, with no rules that need anything else."""
