"""Protocol endpoints, one module per endpoint of the RFCs."""
