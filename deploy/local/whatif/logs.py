"""Past events of a service's log, read in order by a role that can only read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg

PAGE = 5000
PARTS = "SELECT parts FROM log_identity"
EVENTS = """
    SELECT stream_id, recorded_at, type, body FROM event WHERE log_part = ANY(%s) AND type = ANY(%s)
    ORDER BY log_part, position"""


class Row(NamedTuple):
    """One stored event as far as rules need it."""

    stream_id: UUID
    recorded_at: datetime
    type: str
    body: bytes


@contextmanager
def reading(dsn: str) -> Iterator[psycopg.Connection]:
    """Lend a connection whose one transaction reads one snapshot and can write nothing."""
    with psycopg.connect(dsn) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        yield conn


def parts_of(dsn: str) -> int:
    """Give how many log partitions a log has."""
    with reading(dsn) as conn:
        row = conn.execute(PARTS).fetchone()
        assert row is not None
        return int(row[0])


def events(conn: psycopg.Connection, parts: Sequence[int], types: Sequence[str]) -> Iterator[Row]:
    """Give the events of some types in some log partitions, in the order of each."""
    with conn.cursor(name="whatif", binary=True) as cursor:
        cursor.itersize = PAGE
        cursor.execute(EVENTS, [list(parts), list(types)])
        for row in cursor:
            yield Row._make(row)
