"""What keeps a server alive: retention, audit, metrics, configuration."""
