"""The bulk path of a rebuild: log partitions, one by one, from the topics into fresh tables, each with its marks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import asyncpg

from services.casebook.projections import building
from services.casebook.projections.apply import LOCK_CLASS, fold
from services.casebook.projections.building import Event
from services.casebook.projections.reading import Mark, TopicReader, open_reader
from services.casebook.projections.search import Search
from services.casebook.projections.vault_access import VaultAccess, open_search
from services.casebook.tables import MODELS
from shared.eventstore.readmodel import Batch
from shared.eventstore.readmodel_sql import copy
from shared.kernel.errors import RecourseError
from shared.messaging.cursor import Place

# Held, shared, as long as a worker writes; what the worker of a killed rebuild has begun, it first ends.
WORKER_LOCK = -3
# Rows of append-only tables leave for the database in such lots, so that memory holds only rows that still change.
LOT = 20_000

Marks = dict[Place, Mark]


class WorkerDied(RecourseError):
    """A worker process ended without a result."""

    status = 500
    title = "The rebuild broke off"


@dataclass(frozen=True)
class BulkJob:
    """What one process does: these log partitions, up to these offsets, less the events that live has parked.

    `models` names the read models that are built; None is all. With `by` position, `until` are the last positions.
    """

    dsn: str = field(repr=False)  # holds a password
    bootstrap: str
    topics: dict[str, str]
    schema: str
    parts: tuple[int, ...]
    until: dict[Place, int]
    parked: frozenset[Event]
    models: tuple[str, ...] | None = None
    vault: VaultAccess | None = None
    by: Literal["offset", "position"] = "offset"


async def load(job: BulkJob, count: Callable[[int], None]) -> Marks:
    """Load a job's log partitions, each in one transaction, telling how many events were read; give how far."""
    marks: Marks = {}
    conn = await asyncpg.connect(job.dsn)
    try:
        await conn.execute("SELECT pg_advisory_lock_shared($1, $2)", LOCK_CLASS, WORKER_LOCK)
        async with open_reader(job.bootstrap, job.topics) as reader, open_search(job.vault) as search:
            for part in job.parts:
                async with conn.transaction():
                    marks |= await _load_part(conn, reader, job, part, count, search)
    finally:
        await conn.close()
    return marks


async def _load_part(
    conn: asyncpg.Connection,
    reader: TopicReader,
    job: BulkJob,
    part: int,
    count: Callable[[int], None],
    search: Search | None,
) -> Marks:
    until = {place: end for place, end in job.until.items() if place[1] == part}
    marks = {place: Mark() for place in until}
    batch = Batch()
    models = None if job.models is None else {model for model in MODELS if model.name in job.models}
    async for events in reader.read(marks, until, by=job.by):
        applied = [e for e in events if (e.log, e.log_part, e.position) not in job.parked]
        fold(applied, batch, models)
        if search is not None:
            batch.take(await search.changes(applied, models))
        count(len(events))
        if sum(len(rows) for rows in batch.appended.values()) >= LOT:
            await copy(conn, job.schema, batch.release_appended())
    await copy(conn, job.schema, batch)
    passed = (e for e in job.parked if (mark := marks.get(e[:2])) is not None and e[2] <= mark.position)
    await building.keep(conn, job.schema, marks, passed)
    return marks
