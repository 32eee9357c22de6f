"""Background work of a server: retention, and the delivery of logout notices and mail."""
