"""Verification of the record: it only reads, and trusts neither the databases nor Kafka nor the services."""
