"""What a service remembers of commands, beside what the log says that they recorded."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg

UNTRUE = """
    SELECT c.command_id, c.first_position, c.events FROM command c
    LEFT JOIN LATERAL (
        SELECT count(*) AS found FROM event e
        WHERE e.log_part = c.log_part AND e.position >= c.first_position AND e.position < c.first_position + c.events
            AND e.command_id = c.command_id) AS e ON true
    WHERE c.log_part = $1 AND (e.found <> c.events OR octet_length(c.content_hash) <> 32)
        AND c.first_position <= $2
    ORDER BY c.first_position LIMIT $3"""
FORGOTTEN = """
    SELECT e.position, e.command_id FROM event e
    LEFT JOIN command c ON c.log_part = e.log_part AND c.command_id = e.command_id
    WHERE e.log_part = $1 AND e.position <= $2 AND e.command_id IS NOT NULL
        AND (c.command_id IS NULL OR e.position < c.first_position OR e.position >= c.first_position + c.events)
    ORDER BY e.position LIMIT $3"""
SHOWN = 50


class CommandFlaw(NamedTuple):
    """What is wrong with a command: the finding's name, a sentence, and the position that it is about."""

    name: str
    what: str
    position: int


async def flaws(raw: asyncpg.Connection, part: int, head: int) -> AsyncIterator[CommandFlaw]:
    """Compare the table of commands with the log, up to its head, both ways."""
    for row in await raw.fetch(UNTRUE, part, head, SHOWN):
        what = f"command {row['command_id']} is said to have recorded {row['events']} events from here; it did not"
        yield CommandFlaw("command_wrong", what, row["first_position"])
    for row in await raw.fetch(FORGOTTEN, part, head, SHOWN):
        what = f"command {row['command_id']} recorded this event, and is not remembered so"
        yield CommandFlaw("command_missing", what, row["position"])
