"""The tables, one module per noun: the only SQL of the product beside the driver's own."""
