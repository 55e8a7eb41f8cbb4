"""Figures of the log alone: append by one and by eight writers, and reading it back into contract classes."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from statistics import median
from uuid import UUID

import psycopg
import uvloop
from eventsourcing.postgres import PostgresApplicationRecorder
from sqlalchemy import make_url

from bench.backends import Backends
from bench.figure import Figure
from bench.writers import (
    PARTS,
    PeerEvent,
    create_raw,
    draft_of,
    drafts,
    peer_mapper,
    peer_recorder,
    rate,
    write_ours,
    write_peer,
    write_raw,
)
from shared.contracts.approvals import ExceptionWithdrawn
from shared.eventstore.database import Database
from shared.eventstore.store import Store


def append_figures(backends: Backends, *, rounds: int, one: int, each: int) -> Iterator[Figure]:
    """Measure appends in turn with the raw limit and the peer; bars: 0.65 with one writer, 0.6 with eight."""
    raw, peer, ours = backends.plain(), backends.plain(), backends.log().database_url
    create_raw(raw)
    recorder = peer_recorder(peer)
    recorder.create_table()
    recorder.datastore.close()
    for writers, count, bar, peer_share in (([-1], one, 0.65, 0.32), (list(range(PARTS)), each, 0.6, 0.10)):
        limits, peers, mine = [], [], []
        for _ in range(rounds):
            limits.append(rate(write_raw, raw, count, writers))
            mine.append(rate(write_ours, ours, count, writers))
            peers.append(rate(write_peer, peer, max(count // 4, 1), writers))
        share = median(m / limit for m, limit in zip(mine, limits, strict=True))
        yield Figure(
            f"append, 1 event a transaction, {len(writers)} writer{'s' if len(writers) > 1 else ''}",
            median(mine),
            "events/s",
            f"≥ {bar} of raw psycopg (peer {peer_share})",
            share >= bar,
            {
                "share of raw": share,
                "raw psycopg": median(limits),
                "peer": median(peers),
                "peer's share": median(p / limit for p, limit in zip(peers, limits, strict=True)),
            },
        )


def read_figure(backends: Backends, *, rounds: int, events: int) -> Figure:
    """Measure reading the log in order, decoded and folded; bars: 0.7 of psycopg with pydantic, 1.5 × the peer."""
    made = backends.log()
    plain = make_url(made.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    peer = backends.plain()
    uvloop.run(_fill(made.database_url, events))
    recorder = peer_recorder(peer)
    recorder.create_table()
    with psycopg.connect(peer, autocommit=True) as connection, psycopg.connect(plain) as source:
        rows = source.execute("SELECT stream_id, version, body FROM event ORDER BY log_part, position")
        mapper = peer_mapper()
        with connection.cursor().copy(
            "COPY stored_events (originator_id, originator_version, topic, state) FROM STDIN"
        ) as copy:
            for stream, version, body in rows:
                fact = ExceptionWithdrawn.model_validate_json(body)
                stored = mapper.to_stored_event(PeerEvent.of(stream, version, fact))
                copy.write_row((stored.originator_id, stored.originator_version, stored.topic, stored.state))
    limits, peers, mine = [], [], []
    for _ in range(rounds):
        limits.append(_timed(events, lambda: _read_psycopg(plain)))
        mine.append(_timed(events, lambda: uvloop.run(_read_ours(made.database_url))))
        peers.append(_timed(events, lambda: _read_peer(recorder)))
    recorder.datastore.close()
    share = median(m / limit for m, limit in zip(mine, limits, strict=True))
    over = median(m / p for m, p in zip(mine, peers, strict=True))
    return Figure(
        "read the log in order, decoded, folded",
        median(mine),
        "events/s",
        "≥ 0.7 of psycopg + pydantic, ≥ 1.5 × peer",
        share >= 0.7 and over >= 1.5,
        {
            "share of psycopg + pydantic": share,
            "× peer": over,
            "psycopg + pydantic": median(limits),
            "peer": median(peers),
        },
    )


async def fill_log(database: Database, events: int) -> None:
    """Fill a log with cases of four events each."""
    store, made = Store("approvals", PARTS), iter(drafts(events // 4, None))
    async with database.connection() as tx:
        while chunk := list(islice(made, 250)):
            more = [draft_of(first.fact.stream_id, version) for first in chunk for version in (2, 3, 4)]
            await store.append(tx.raw, chunk)
            await store.append(tx.raw, more)


async def _fill(url: str, events: int) -> None:
    database = Database(url, pool_size=1)
    await fill_log(database, events)
    await database.close()


def _timed(events: int, read: Callable[[], int]) -> float:
    begun = time.perf_counter()
    folded = read()
    took = time.perf_counter() - begun
    assert folded == events // 4, f"{folded} cases were folded of {events // 4}"
    return events / took


def _fold(state: dict[UUID, tuple[int, int]], fact: ExceptionWithdrawn) -> None:
    count, size = state.get(fact.case_id, (0, 0))
    state[fact.case_id] = (count + 1, size + len(fact.reason))


def _read_psycopg(url: str) -> int:
    state: dict[UUID, tuple[int, int]] = {}
    with psycopg.connect(url) as connection, connection.cursor(name="log", binary=True) as cursor:
        cursor.itersize = 2000
        cursor.execute("SELECT log_part, position, type, body FROM event ORDER BY log_part, position")
        for _part, _position, _type, body in cursor:
            _fold(state, ExceptionWithdrawn.model_validate_json(body))
    return len(state)


async def _read_ours(url: str) -> int:
    state: dict[UUID, tuple[int, int]] = {}
    database, store = Database(url, pool_size=1), Store("approvals", PARTS)
    async with database.connection() as tx:
        for part in range(PARTS):
            async for page in store.facts(tx.raw, part):
                for fact in page:
                    assert isinstance(fact, ExceptionWithdrawn)
                    _fold(state, fact)
    await database.close()
    return len(state)


def _read_peer(recorder: PostgresApplicationRecorder) -> int:
    """Read as the peer's own applications do: pages of notifications through its mapper into its event classes."""
    state: dict[UUID, tuple[int, int]] = {}
    mapper, after = peer_mapper(), 0
    while page := recorder.select_notifications(after, 500, inclusive_of_start=False):
        for notification in page:
            event = mapper.to_domain_event(notification)
            assert isinstance(event, PeerEvent)
            count, size = state.get(event.originator_id, (0, 0))
            state[event.originator_id] = (count + 1, size + len(event.reason))
        after = page[-1].id
    return len(state)
