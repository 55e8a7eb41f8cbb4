"""Durable timers in PostgreSQL: set and cancelled in the append's transaction, fired by the ticker alone."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from shared.kernel.timers import CancelTimer, SetTimer, Timer, TimerChange

SET = """
    INSERT INTO timer (timer_id, stream_id, due, kind)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[])
    ON CONFLICT (timer_id) DO UPDATE SET due = excluded.due, kind = excluded.kind, attempts = 0, error = NULL"""
CANCEL = "DELETE FROM timer WHERE timer_id = ANY($1::uuid[])"
CLAIM = """
    SELECT timer_id, stream_id, due, kind FROM timer WHERE due <= $1 AND attempts < $2
    ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED"""


async def apply(raw: asyncpg.Connection, changes: Sequence[TimerChange]) -> None:
    """Set and cancel timers; of several changes to one timer the last one counts."""
    last = {change.timer_id: change for change in changes}
    to_set = [change for change in last.values() if isinstance(change, SetTimer)]
    to_cancel = [change.timer_id for change in last.values() if isinstance(change, CancelTimer)]
    if to_set:
        await raw.execute(
            SET,
            [change.timer_id for change in to_set],
            [change.stream_id for change in to_set],
            [change.due for change in to_set],
            [change.kind for change in to_set],
        )
    if to_cancel:
        await raw.execute(CANCEL, to_cancel)


async def claim(raw: asyncpg.Connection, now: datetime, *, limit: int, attempts: int) -> list[Timer]:
    """Lock up to `limit` timers that are due, passing over those that another instance holds."""
    return [Timer(**dict(row)) for row in await raw.fetch(CLAIM, now, attempts, limit)]


async def finish(raw: asyncpg.Connection, timers: Sequence[Timer]) -> None:
    """Take fired timers away, unless their firing set them anew for later."""
    await raw.execute(
        "DELETE FROM timer t USING unnest($1::uuid[], $2::timestamptz[]) AS f(id, due)"
        " WHERE t.timer_id = f.id AND t.due = f.due",
        [timer.timer_id for timer in timers],
        [timer.due for timer in timers],
    )


async def failed(raw: asyncpg.Connection, timer: Timer, error: str) -> None:
    """Count a failed firing; a timer out of attempts stays in the table, with its error, for an operator."""
    await raw.execute("UPDATE timer SET attempts = attempts + 1, error = $2 WHERE timer_id = $1", timer.timer_id, error)
