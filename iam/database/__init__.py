"""The driver of PostgreSQL: connections, the pool, batches, hosts and migrations. It knows no table of the product."""
