"""The checkpoints of a log as its service keeps them, and the statements about its keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from shared.eventstore.notes import Checkpoint, origin_of


class Sealed(NamedTuple):
    """One checkpoint: the note that was signed, and the proof that it goes on from `old_size`, the one before.

    `edge` are the roots of the tree's full subtrees in a row: with them a proof needs no leaf that came after its own.
    """

    log_part: int
    number: int
    size: int
    root: bytes
    chain: bytes
    note: bytes
    edge: bytes
    old_size: int
    proof: bytes
    signed_at: datetime

    def checkpoint(self, log: str) -> Checkpoint:
        """Give what the note says."""
        return Checkpoint(origin_of(log, self.log_part), self.size, self.root)


COLUMNS = "log_part, number, size, root, chain, note, edge, old_size, proof, signed_at"
NEWEST = f"""
    SELECT {COLUMNS} FROM generate_series(0, $1::int - 1) AS p CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM checkpoint c WHERE c.log_part = p ORDER BY number DESC LIMIT 1) AS newest"""
LISTED = f"SELECT {COLUMNS} FROM checkpoint WHERE log_part = $1 AND number > $2 ORDER BY number LIMIT $3"
COVERING = f"SELECT {COLUMNS} FROM checkpoint WHERE log_part = $1 AND size >= $2 ORDER BY size, number LIMIT 1"
LAST = f"SELECT {COLUMNS} FROM checkpoint WHERE log_part = $1 ORDER BY number DESC LIMIT 1"
OF_SIZE = f"SELECT {COLUMNS} FROM checkpoint WHERE log_part = $1 AND size = $2 ORDER BY number DESC LIMIT 1"
KEEP = f"INSERT INTO checkpoint ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
UNSENT = f"SELECT {COLUMNS} FROM checkpoint WHERE NOT sent ORDER BY log_part, number LIMIT 1000"
SENT = """
    UPDATE checkpoint c SET sent = true FROM unnest($1::smallint[], $2::bigint[]) AS s(log_part, number)
    WHERE c.log_part = s.log_part AND c.number = s.number"""
AGAIN = "UPDATE checkpoint SET sent = false WHERE log_part = $1 AND number > $2 AND sent"
STATE = """
    INSERT INTO key_statement (number, note, stated_at)
    SELECT coalesce(max(number), 0) + 1, $1, $2 FROM key_statement"""


async def newest(raw: asyncpg.Connection, parts: int) -> dict[int, Sealed]:
    """Give the newest checkpoint of each log partition that has one."""
    return {row["log_part"]: Sealed(*row) for row in await raw.fetch(NEWEST, parts)}


async def last(raw: asyncpg.Connection, log_part: int) -> Sealed | None:
    """Give the newest checkpoint of one log partition."""
    return _one(await raw.fetchrow(LAST, log_part))


async def listed(raw: asyncpg.Connection, log_part: int, after: int, limit: int) -> list[Sealed]:
    """Give the checkpoints of a log partition from the one after number `after` on."""
    return [Sealed(*row) for row in await raw.fetch(LISTED, log_part, after, limit)]


async def covering(raw: asyncpg.Connection, log_part: int, size: int) -> Sealed | None:
    """Give the smallest checkpoint that has at least so many leaves."""
    return _one(await raw.fetchrow(COVERING, log_part, size))


async def of_size(raw: asyncpg.Connection, log_part: int, size: int) -> Sealed | None:
    """Give the checkpoint of just this size."""
    return _one(await raw.fetchrow(OF_SIZE, log_part, size))


async def keep(raw: asyncpg.Connection, sealed: Sealed) -> None:
    """Keep a checkpoint, to be sent."""
    await raw.execute(KEEP, *sealed)


async def unsent(raw: asyncpg.Connection) -> list[Sealed]:
    """Give checkpoints that are not in Kafka yet, in order."""
    return [Sealed(*row) for row in await raw.fetch(UNSENT)]


async def mark_sent(raw: asyncpg.Connection, sent: Sequence[Sealed]) -> None:
    """Note that these are in Kafka."""
    await raw.execute(SENT, [one.log_part for one in sent], [one.number for one in sent])


async def send_again(raw: asyncpg.Connection, log_part: int, after: int) -> int:
    """Have the checkpoints after a number sent again, as they are not in Kafka; give how many."""
    status: str = await raw.execute(AGAIN, log_part, after)
    return int(status.rpartition(" ")[2])


async def statements(raw: asyncpg.Connection, *, unsent_only: bool = False) -> list[tuple[int, bytes]]:
    """Give the statements about keys, in order, with their numbers."""
    where = "WHERE NOT sent" if unsent_only else ""
    rows: list[Any] = await raw.fetch(f"SELECT number, note FROM key_statement {where} ORDER BY number")
    return [(row["number"], row["note"]) for row in rows]


async def state(raw: asyncpg.Connection, note: bytes, at: datetime) -> None:
    """Keep a statement about keys, to be sent."""
    await raw.execute(STATE, note, at)


async def mark_stated(raw: asyncpg.Connection, numbers: Sequence[int]) -> None:
    """Note that these statements are in Kafka."""
    await raw.execute("UPDATE key_statement SET sent = true WHERE number = ANY($1::bigint[])", numbers)


def _one(row: Any) -> Sealed | None:
    return None if row is None else Sealed(*row)
