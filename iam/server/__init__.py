"""The process: options, start, addresses, and the objects that answer."""
