"""The bulk path of a rebuild: log partitions, one by one, from the topics into fresh tables."""

from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg

from services.casebook.projections.apply import fold
from services.casebook.projections.catching_up import Event
from services.casebook.projections.reading import Mark, TopicReader, open_reader
from shared.eventstore.readmodel import Batch
from shared.eventstore.readmodel_sql import copy
from shared.kernel.errors import RecourseError
from shared.messaging.cursor import Place

# Rows of append-only tables leave for the database in such lots, so that memory holds only rows that still change.
LOT = 20_000

Marks = dict[Place, Mark]


class WorkerDied(RecourseError):
    """A worker process ended without a result."""

    status = 500
    title = "The rebuild broke off"


@dataclass(frozen=True)
class BulkJob:
    """What one process does: these log partitions, up to these offsets, less the events that live has parked."""

    dsn: str = field(repr=False)  # holds a password
    bootstrap: str
    topics: dict[str, str]
    schema: str
    parts: tuple[int, ...]
    until: dict[Place, int]
    parked: frozenset[Event]


async def load(job: BulkJob, count: Callable[[int], None]) -> Marks:
    """Load a job's log partitions, each in one transaction, telling how many events were read; give how far."""
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
