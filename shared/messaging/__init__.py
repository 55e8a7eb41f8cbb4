"""Kafka: topics, CloudEvents, the broker, cursors and dead letters."""
