"""The bulk path of a rebuild: one process takes its log partitions one by one from the topics into fresh tables."""

import asyncio
import gc
from asyncio import FIRST_COMPLETED
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from multiprocessing import get_context
from multiprocessing.sharedctypes import SynchronizedArray

import asyncpg
import uvloop

from services.casebook.projections.apply import fold
from services.casebook.projections.catching_up import Event
from services.casebook.projections.reading import Mark, TopicReader, open_reader
from shared.eventstore.readmodel import Batch
from shared.eventstore.readmodel_sql import copy
from shared.messaging.cursor import Place

# Rows of append-only tables leave for the database in such lots, so that memory holds only rows that still change.
LOT = 20_000
WATCH_SECONDS = 0.2

Marks = dict[Place, Mark]

_counts: "SynchronizedArray[int] | None" = None


@dataclass(frozen=True)
class BulkJob:
    """What one process does: these log partitions, up to these offsets, less the events that live has parked."""

    number: int
    dsn: str = field(repr=False)  # holds a password
    bootstrap: str
    topics: dict[str, str]
    schema: str
    parts: tuple[int, ...]
    until: dict[Place, int]
    parked: frozenset[Event]


def share(job: BulkJob, processes: int) -> list[BulkJob]:
    """Share a job of many log partitions out over processes so that each has about as many events."""
    sizes = Counter[int]()
    for (_, part), end in job.until.items():
        sizes[part] += end
    loads = [(0, number, list[int]()) for number in range(max(1, min(processes, len(sizes))))]
    for part, size in sizes.most_common():
        load, number, parts = heappop(loads)
        heappush(loads, (load + size, number, [*parts, part]))
    return [replace(job, number=number, parts=tuple(parts)) for _, number, parts in loads]


async def load_all(jobs: Sequence[BulkJob], progress: Callable[[int], None]) -> Marks:
    """Do all jobs, one process each; `progress` gets the number of events read so far, a few times a second."""
    context = get_context("spawn")
    counts = context.Array("q", len(jobs))
    marks: Marks = {}
    with ProcessPoolExecutor(len(jobs), context, start_process, (counts,)) as pool:
        running = {asyncio.wrap_future(pool.submit(run_job, job)) for job in jobs}
        while running:
            done, running = await asyncio.wait(running, timeout=WATCH_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                marks |= await future
            progress(sum(counts[:]))
    return marks


def start_process(counts: "SynchronizedArray[int]") -> None:
    """Set a fresh process up: where it counts its events, and no garbage collection, for it makes rows, not cycles."""
    global _counts
    _counts = counts
    gc.freeze()
    gc.disable()


def run_job(job: BulkJob) -> Marks:
    """Do a job in this process and give how far each place was read; the entry point of a worker process."""

    def count(events: int) -> None:
        if _counts is not None:
            _counts[job.number] += events

    return uvloop.run(load(job, count))


async def load(job: BulkJob, count: Callable[[int], None]) -> Marks:
    """Load a job's log partitions, each in one transaction, and tell of events as they are read."""
    marks: Marks = {}
    conn = await asyncpg.connect(job.dsn)
    try:
        async with open_reader(job.bootstrap, job.topics) as reader:
            for part in job.parts:
                async with conn.transaction():
                    marks |= await _load_part(conn, reader, job, part, count)
    finally:
        await conn.close()
    return marks


async def _load_part(
    conn: asyncpg.Connection, reader: TopicReader, job: BulkJob, part: int, count: Callable[[int], None]
) -> Marks:
    until = {place: end for place, end in job.until.items() if place[1] == part}
    marks = {place: Mark() for place in until}
    batch = Batch()
    async for events in reader.read(marks, until, by="offset"):
        fold((e for e in events if (e.log, e.log_part, e.position) not in job.parked), batch)
        count(len(events))
        if sum(len(rows) for rows in batch.appended.values()) >= LOT:
            await copy(conn, job.schema, batch.release_appended())
    await copy(conn, job.schema, batch)
    return marks
