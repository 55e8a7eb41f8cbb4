"""Events by where they are in the log: for tables that point at an event instead of copying what it says."""

from collections.abc import Sequence

import asyncpg

from shared.contracts.event import Recorded
from shared.eventstore.store import Store

COLUMNS = ", ".join("$3::text" if name == "log" else f"e.{name}" for name in Recorded._fields)
AT = f"""
    SELECT {COLUMNS} FROM unnest($1::smallint[], $2::bigint[]) AS w(part, position)
    JOIN event e ON e.log_part = w.part AND e.position = w.position"""


async def events_at(raw: asyncpg.Connection, store: Store, places: Sequence[tuple[int, int]]) -> list[Recorded]:
    """Give the events at these places (log partition, position), opened, in no particular order."""
    rows = await raw.fetch(AT, [part for part, _ in places], [position for _, position in places], store.log)
    return await store.opened([Recorded._make(row) for row in rows])
