"""The read models of one case alone: temporary tables that a session keeps, and that are empty after each transaction.

They are made of the tables that the code declares, so they have their shape whatever the live ones went through, and
a service's role may make them without a right to change any schema.
"""

from collections.abc import Sequence

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.schema import CreateTable

from services.casebook.projections.apply import fold
from services.casebook.tables import (
    APPROVAL_INBOX,
    CASE_LIST,
    CASE_TIMELINE,
    CONDUCT_MEASURE,
    CUSTOMER,
    PROMISE_BOARD,
    SUPPORT_NEED,
)
from shared.contracts.event import Recorded
from shared.eventstore.readmodel import Batch
from shared.eventstore.readmodel_sql import copy

TEMPORARY = "pg_temp"  # PostgreSQL's name for a session's own schema
DIALECT = dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy leaves it
SHOWN = (CASE_LIST, CASE_TIMELINE, APPROVAL_INBOX, PROMISE_BOARD, CUSTOMER, CONDUCT_MEASURE, SUPPORT_NEED)


async def prepare(conn: asyncpg.Connection) -> None:
    """Make the tables, once a session; so few rows need no key and no index."""
    for model in SHOWN:
        table = model.table.to_metadata(MetaData(), schema=TEMPORARY)
        made = str(CreateTable(table).compile(dialect=DIALECT)).strip()
        await conn.execute(f"{made.replace('CREATE TABLE', 'CREATE TEMPORARY TABLE', 1)} ON COMMIT DELETE ROWS")
        await conn.execute(f"ALTER TABLE {TEMPORARY}.{table.name} DROP CONSTRAINT {table.primary_key.name}")


async def fill(conn: asyncpg.Connection, events: Sequence[Recorded]) -> None:
    """Project events, in the order in which they were recorded, into the tables, inside the caller's transaction."""
    folded = fold(events)
    batch = Batch()
    batch.rows = {model: rows for model, rows in folded.rows.items() if model in SHOWN}
    batch.appended = {model: rows for model, rows in folded.appended.items() if model in SHOWN}
    await copy(conn, TEMPORARY, batch)
