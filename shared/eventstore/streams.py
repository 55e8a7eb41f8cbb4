"""One stream, or a whole log, as it stood at an instant: exact, since `recorded_at` only grows in a log partition."""

from datetime import datetime
from uuid import UUID

import asyncpg

from shared.contracts.event import Recorded
from shared.eventstore.store import Store

# The append function's own lock: to have held it, shared, is to have waited for what it was recording.
APPEND_LOCK = 7
APPENDING = "SELECT count(pg_advisory_xact_lock_shared($1, p)) FROM unnest($2::int[]) p"
POSITIONS = """
    WITH RECURSIVE search AS (
        SELECT p AS part, 0::bigint AS low, coalesce(
            (SELECT position FROM event WHERE log_part = p ORDER BY position DESC LIMIT 1), 0) AS high
        FROM generate_series(0, $1::int - 1) p
        UNION ALL
        SELECT s.part, CASE WHEN known THEN middle ELSE low END, CASE WHEN known THEN high ELSE middle - 1 END
        FROM search s CROSS JOIN LATERAL (SELECT (low + high + 1) / 2 AS middle) m CROSS JOIN LATERAL
            (SELECT e.recorded_at <= $2 AS known FROM event e WHERE e.log_part = s.part AND e.position = middle) k
        WHERE low < high)
    SELECT part, low FROM search WHERE low = high ORDER BY part"""


async def read_stream(
    raw: asyncpg.Connection, store: Store, stream_id: UUID, *, until: datetime | None, after: int, limit: int
) -> list[Recorded]:
    """Give a stream's events after a version that were recorded until an instant (None: now), bodies as stored.

    What was being appended when this was called is waited for: an answer about an instant that has passed is the same
    for ever.
    """
    part = store.part_of(stream_id)
    fields = ", ".join("$1::text" if name == "log" else name for name in Recorded._fields)
    query = (
        f"SELECT {fields} FROM event WHERE log_part = $2 AND stream_id = $3 AND version > $4"
        " AND ($5::timestamptz IS NULL OR recorded_at <= $5) ORDER BY version LIMIT $6"
    )
    async with raw.transaction(isolation="read_committed"):
        await raw.execute(APPENDING, APPEND_LOCK, [part])
        rows = await raw.fetch(query, store.log, part, stream_id, after, until, limit)
    return [Recorded._make(row) for row in rows]


async def positions_at(raw: asyncpg.Connection, store: Store, at: datetime) -> dict[int, int]:
    """Give the last position of each log partition that was recorded until an instant, 0 for none.

    It is found by halving, so a long log costs little more than a short one.
    """
    async with raw.transaction(isolation="read_committed"):
        await raw.execute(APPENDING, APPEND_LOCK, list(range(store.parts)))
        return {row["part"]: row["low"] for row in await raw.fetch(POSITIONS, store.parts, at)}
