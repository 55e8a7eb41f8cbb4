"""Alembic's entry; the connection and the lock are held by shared.eventstore.migrate."""

from shared.eventstore.migrate import run_env

run_env()
