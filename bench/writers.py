"""Writers of 600-byte events, one durable commit each: raw psycopg, the peer library, and our log."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any
from uuid import UUID, uuid4

import psycopg
import uvloop
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, StoredEvent, UUIDAsHex
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from sqlalchemy import make_url

from shared.contracts.approvals import ExceptionWithdrawn
from shared.eventstore.database import Database
from shared.eventstore.draft import Draft, Provenance
from shared.eventstore.store import Store
from shared.runtime.clock import new_id

PARTS = 8
BODY = b"x" * 600
INSERT = "INSERT INTO raw_event (stream_id, version, type, body) VALUES (%s, %s, %s, %s) RETURNING position"
CREATE = """
    CREATE TABLE IF NOT EXISTS raw_event (position bigserial PRIMARY KEY, stream_id uuid NOT NULL, version int NOT NULL,
        type text NOT NULL, body bytea NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (stream_id, version))"""
Span = tuple[float, float]


def create_raw(url: str) -> None:
    """Make the plain table that the raw limit is measured on: one key, one unique index, as little as can be."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CREATE)


def write_raw(url: str, count: int, _part: int) -> Span:
    """Insert rows in autocommit by a prepared statement; gives when it began and ended."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT 1")
        begun = time.time()
        for _ in range(count):
            connection.execute(INSERT, (uuid4(), 1, "approvals.exception_withdrawn.v1", BODY), prepare=True)
        return begun, time.time()


def peer_recorder(url: str) -> PostgresApplicationRecorder:
    """Make the peer library's recorder in its default mode."""
    parts = make_url(url)
    store = PostgresDatastore(
        dbname=str(parts.database),
        host=str(parts.query.get("host") or parts.host),
        port=parts.port or 5432,
        user=str(parts.username),
        password=str(parts.password),
    )
    return PostgresApplicationRecorder(store, events_table_name="stored_events")


@dataclass(frozen=True, kw_only=True)
class PeerEvent(DomainEvent):
    """The same fact as the peer library would hold it."""

    exception_id: str
    request_id: str
    withdrawn_by: str
    reason: str

    @classmethod
    def of(cls, stream: UUID, version: int, fact: ExceptionWithdrawn) -> "PeerEvent":
        """Make the peer's event of our fact."""
        return cls(
            originator_id=stream,
            originator_version=version,
            timestamp=datetime.now(UTC),
            exception_id=str(fact.exception_id),
            request_id=str(fact.request_id),
            withdrawn_by=fact.withdrawn_by,
            reason=fact.reason,
        )


def peer_mapper() -> Mapper[UUID]:
    """Make the peer library's mapper with its standard JSON transcoder."""
    transcoder = JSONTranscoder()
    transcoder.register(DatetimeAsISO())
    transcoder.register(UUIDAsHex())
    return Mapper(transcoder=transcoder)


def write_peer(url: str, count: int, _part: int) -> Span:
    """Insert events through the peer's recorder, one a transaction."""
    recorder = peer_recorder(url)
    events = [StoredEvent(uuid4(), 1, "bench:Event", BODY) for _ in range(count)]
    try:
        recorder.select_events(uuid4())
        begun = time.time()
        for event in events:
            recorder.insert_events([event])
        return begun, time.time()
    finally:
        recorder.datastore.close()


def drafts(count: int, part: int | None) -> list[Draft]:
    """Make events of about 600 bytes, each the first of a new case, in one log partition if it is given."""
    store, made = Store("approvals", PARTS), list[Draft]()
    while len(made) < count:
        case = new_id()
        if part is None or store.part_of(case) == part:
            made.append(draft_of(case, 1))
    return made


def draft_of(case: UUID, version: int) -> Draft:
    """Make one event of about 600 bytes."""
    fact = ExceptionWithdrawn(
        case_id=case, exception_id=new_id(), request_id=new_id(), withdrawn_by="ana", reason="x" * 410
    )
    return Draft(new_id(), fact, version, Provenance("ana", "bench", new_id()))


def write_ours(url: str, count: int, part: int) -> Span:
    """Append through the store on one connection, as a service does; `part` -1 spreads over all log partitions."""
    return uvloop.run(_write_ours(url, drafts(count, None if part < 0 else part)))


async def _write_ours(url: str, events: Sequence[Draft]) -> Span:
    database, store = Database(url, pool_size=1), Store("approvals", PARTS)
    try:
        async with database.connection() as tx:
            await tx.raw.fetchval("SELECT 1")
            begun = time.time()
            for event in events:
                await store.append(tx.raw, [event])
            return begun, time.time()
    finally:
        await database.close()


def rate(writer: Callable[[str, int, int], Span], url: str, count: int, parts: Sequence[int]) -> float:
    """Run one writer process for each part, `count` events each; gives events/s, first begin to last end."""
    arguments: list[Any] = [[url] * len(parts), [count] * len(parts), list(parts)]
    with ProcessPoolExecutor(len(parts), mp_context=get_context("fork")) as pool:
        spans = list(pool.map(writer, *arguments))
    return count * len(parts) / (max(end for _, end in spans) - min(begin for begin, _ in spans))
