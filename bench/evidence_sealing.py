"""Figures of the Merkle log: how fast a log is sealed, how fast an event is proved, what sealing costs the append."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from random import Random
from statistics import median, quantiles
from threading import Event
from uuid import UUID

import asyncpg
import uvloop

from bench.backends import Backends
from bench.figure import Figure
from bench.writers import PARTS, rate, write_ours
from shared.eventstore import checkpoints
from shared.eventstore.checkpoints import Sealed
from shared.eventstore.database import Database
from shared.eventstore.log_keys import new_key
from shared.eventstore.notes import Checkpoint, Note, origin_of
from shared.eventstore.tiles import Tree
from shared.runtime.proofs import proofs as prove

LOG = "approvals"
CHUNK = 20_000
SEAL_SECONDS = 1.0
# As the append makes them, many in a statement: bodies of the size that the real ones have.
FILL = """
    SELECT count(append_event($1, gen_random_uuid(), 'approvals.exception_withdrawn.v1', 'case', $2::uuid, $3::int + n,
        'ana', NULL, 'bench', NULL, $2::uuid, NULL, NULL, NULL, NULL, convert_to(repeat('x', 600), 'UTF8')))
    FROM generate_series(1, $4::int) AS n"""
PLAIN = "SELECT count(sha256(header || body)) FROM (SELECT event_header_hash(e) AS header, body FROM event e) AS hashed"


def sealing_figures(backends: Backends, *, events: int, proofs: int, rounds: int, appends: int) -> Iterator[Figure]:
    """Measure sealing and proving over so many events, then appends with and without a sealer beside them."""
    url = backends.log().database_url
    yield from uvloop.run(_sealed(url, events, proofs))
    yield _beside(backends, rounds, appends)


async def _sealed(url: str, events: int, proofs: int) -> list[Figure]:
    database = Database(url, pool_size=2)
    try:
        await asyncio.gather(
            *(_fill(database, half, events // PARTS) for half in (range(0, PARTS, 2), range(1, PARTS, 2)))
        )
        async with database.connection() as tx:
            begun = time.perf_counter()
            await tx.raw.fetchval(PLAIN)
            plain = time.perf_counter() - begun
            begun = time.perf_counter()
            for part in range(PARTS):
                await _seal(tx.raw, part)
            took = time.perf_counter() - begun
            times = await _prove(tx.raw, events // PARTS, proofs)
    finally:
        await database.close()
    return [
        Figure(
            f"seal {events:,} events",
            events / took,
            "events/s",
            "",
            None,
            {"events/s, hashing alone in PostgreSQL": events / plain},
        ),
        Figure(
            f"prove one of {events:,} events",
            median(times) * 1000,
            "ms",
            "≤ 5 ms",
            quantiles(times, n=100)[98] * 1000 <= 5,
            {"ms, the 99th percentile": quantiles(times, n=100)[98] * 1000, "ms, the worst": max(times) * 1000},
        ),
    ]


async def _fill(database: Database, parts: range, each: int) -> None:
    async with database.connection() as tx:
        for part in parts:
            for after in range(0, each, CHUNK):
                await tx.raw.execute(FILL, part, UUID(int=part + 1), after, min(CHUNK, each - after))


async def _seal(raw: asyncpg.Connection, part: int) -> None:
    """Seal a log partition up to its head, and keep a checkpoint as the sealer does."""
    head = await raw.fetchval("SELECT coalesce(max(position), 0) FROM event WHERE log_part = $1", part)
    tree = await Tree(raw, LOG, part).extend(head)
    point = Checkpoint(origin_of(LOG, part), head, tree.root())
    note = Note(point.text, (new_key(LOG).sign(point.text),)).encode()
    newest = (await checkpoints.newest(raw, PARTS)).get(part)
    sealed = Sealed(
        part,
        newest.number + 1 if newest else 1,
        head,
        point.root,
        b"",
        note,
        b"".join(tree.edge),
        0,
        b"",
        datetime.now(UTC),
    )
    await checkpoints.keep(raw, sealed)


async def _prove(raw: asyncpg.Connection, each: int, proofs: int) -> list[float]:
    draw, times = Random(5), []
    for _ in range(proofs):
        part, position = draw.randrange(PARTS), draw.randint(1, each)
        begun = time.perf_counter()
        await prove(raw, LOG, part, [position], None)
        times.append(time.perf_counter() - begun)
    return times


def _beside(backends: Backends, rounds: int, appends: int) -> Figure:
    """Append with eight writers, in turn alone and with a sealer that seals every second beside them."""
    url = backends.log().database_url
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(rounds):
        alone.append(rate(write_ours, url, appends, list(range(PARTS))))
        with _sealer(url):
            beside.append(rate(write_ours, url, appends, list(range(PARTS))))
    share = median(with_it / without for with_it, without in zip(beside, alone, strict=True))
    return Figure(
        f"append, {PARTS} writers, the log sealed every second",
        median(beside),
        "events/s",
        "≥ 0.85 of the append alone",
        share >= 0.85,
        {"share of the append alone": share, "events/s alone": median(alone)},
    )


@contextmanager
def _sealer(url: str) -> Iterator[None]:
    context = get_context("fork")
    with context.Manager() as manager, ProcessPoolExecutor(1, mp_context=context) as pool:
        stop = manager.Event()
        sealing = pool.submit(_keep_sealing, url, stop)
        yield
        stop.set()
        sealing.result()


def _keep_sealing(url: str, stop: Event) -> None:
    uvloop.run(_sealing(url, stop))


async def _sealing(url: str, stop: Event) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.connection() as tx:
            while not stop.is_set():
                for part in range(PARTS):
                    await _seal(tx.raw, part)
                await asyncio.sleep(SEAL_SECONDS)
    finally:
        await database.close()
