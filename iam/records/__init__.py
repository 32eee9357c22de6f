"""What is known of things: frozen, without a rule that needs anything else."""
