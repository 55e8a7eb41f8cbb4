"""The append-only log of each service in PostgreSQL."""
