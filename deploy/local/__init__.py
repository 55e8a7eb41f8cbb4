"""The whole system on one machine without Docker: PostgreSQL, Kafka and the services as child processes."""
