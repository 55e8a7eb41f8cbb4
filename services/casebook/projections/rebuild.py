"""Rebuilding every read model from offset 0 into the shadow schema, comparing it with the live one, switching to it.

Live traffic goes on: it waits only while the last few events are caught up (for the snapshot that is compared) and
while two schemas are renamed. Resuming a broken-off rebuild has its place in `bulk`, whose unit is one log partition
in one transaction.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import asyncpg
from sqlalchemy import make_url

from services.casebook import CHARTER
from services.casebook.projections import schemas
from services.casebook.projections.apply import LOCK_CLASS
from services.casebook.projections.bulk import BulkJob
from services.casebook.projections.catching_up import Live, Shadow, level, look, positions_ahead
from services.casebook.projections.compare import Comparison, compare
from services.casebook.projections.reading import TopicReader, open_reader
from services.casebook.projections.workers import load_all, share
from services.casebook.tables import LIVE, MODELS, SHADOW
from shared.kernel.errors import RecourseError
from shared.messaging.cursor import Place
from shared.messaging.topics import TOPICS

REBUILD_LOCK = -2
INDEXERS = 2
INDEX_MEMORY = "256MB"
SET_CURSORS = """
    INSERT INTO log_cursor (consumer, source, log_part, position)
    SELECT $1, * FROM unnest($2::text[], $3::smallint[], $4::bigint[])
    ON CONFLICT (consumer, source, log_part) DO UPDATE SET position = EXCLUDED.position"""

Phase = Literal["reading", "indexing", "comparing", "switching"]


class RebuildRunning(RecourseError):
    """Two rebuilds would build the same shadow."""

    status = 409
    title = "A rebuild is running"


class Progress(NamedTuple):
    """What a rebuild is at: `done` of `total` events (reading), statements (indexing) or steps."""

    phase: Phase
    done: int
    total: int


@dataclass(frozen=True)
class RebuildOrder:
    """What to rebuild with: `database_url` as SQLAlchemy reads it, of the role that owns the tables.

    `switch` puts the shadow in live's place never, if the comparison finds no difference, or always.
    """

    database_url: str = field(repr=False)
    app_role: str
    kafka_bootstrap: str
    topics: Mapping[str, str] = field(default_factory=lambda: TOPICS)
    log_parts: int = 8
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)
    compare: bool = True
    switch: Literal["never", "if_equal", "always"] = "never"
    patience_seconds: float = 60


@dataclass
class Rebuilt:
    """What came of it: events read in bulk, records passed over, seconds by phase, comparison, whether it switched."""

    events: int = 0
    passed_over: int = 0
    seconds: dict[Phase, float] = field(default_factory=dict)
    comparison: Comparison | None = None
    switched: bool = False

    @contextmanager
    def timed(self, phase: Phase) -> Iterator[None]:
        """Note how many seconds a phase takes."""
        begun = time.perf_counter()
        yield
        self.seconds[phase] = time.perf_counter() - begun


async def rebuild(order: RebuildOrder, progress: Callable[[Progress], None]) -> Rebuilt:
    """Rebuild all read models from the topics; compare and switch as ordered. `progress` is called often.

    Raises RebuildRunning, TopicGap, TopicStalled, LiveBehind or ParkedMeanwhile; live is untouched then.
    """
    done = Rebuilt()
    async with (
        _connect(order) as pauser,
        _connect(order) as conn,
        open_reader(order.kafka_bootstrap, order.topics) as reader,
    ):
        if not await pauser.fetchval("SELECT pg_try_advisory_lock($1, $2)", LOCK_CLASS, REBUILD_LOCK):
            raise RebuildRunning("another rebuild of these read models is at work", fix="wait until it is done")
        with done.timed("reading"):
            shadow = await _read(order, conn, reader, done, progress)
        with done.timed("indexing"):
            await _index(order, conn, progress)
        if order.compare and await schemas.exists(conn, LIVE):
            with done.timed("comparing"):
                done.comparison = await _compare(order, pauser, shadow, progress)
        equal = done.comparison is not None and done.comparison.equal
        if order.switch == "always" or (order.switch == "if_equal" and equal):
            with done.timed("switching"):
                await _switch(order, pauser, shadow, progress)
            done.switched = True
    return done


async def _read(
    order: RebuildOrder,
    conn: asyncpg.Connection,
    reader: TopicReader,
    done: Rebuilt,
    progress: Callable[[Progress], None],
) -> Shadow:
    places: list[Place] = [(source, part) for source in CHARTER.listens for part in range(order.log_parts)]
    until, live = await reader.ends(places), await look(conn)
    await schemas.make(conn, SHADOW)
    total = sum(until.values())
    parts = tuple(range(order.log_parts))
    topics = dict(order.topics)
    job = BulkJob(_dsn(order), order.kafka_bootstrap, topics, SHADOW, parts, until, live.parked)
    marks = await load_all(share(job, order.processes), lambda events: progress(Progress("reading", events, total)))
    done.events = sum(mark.position for mark in marks.values())
    done.passed_over = sum(mark.passed_over for mark in marks.values())
    left_out = {event for event in live.parked if event[2] <= marks[event[:2]].position}
    return Shadow(conn, reader, marks, left_out)


async def _index(order: RebuildOrder, conn: asyncpg.Connection, progress: Callable[[Progress], None]) -> None:
    left = schemas.indexing(SHADOW)
    total = len(left)

    async def work() -> None:
        async with _connect(order) as worker:
            await worker.execute(f"SET maintenance_work_mem = '{INDEX_MEMORY}'")
            while left:
                await worker.execute(left.pop(0))
                progress(Progress("indexing", total - len(left), total))

    await asyncio.gather(*(work() for _ in range(INDEXERS)))
    for model in MODELS:
        await conn.execute(f'ANALYZE "{SHADOW}"."{model.name}"')
    await schemas.grant(conn, SHADOW, order.app_role)


async def _compare(
    order: RebuildOrder, pauser: asyncpg.Connection, shadow: Shadow, progress: Callable[[Progress], None]
) -> Comparison:
    """Compare in a snapshot that is taken while live stands still, so that live goes on during the comparison."""
    progress(Progress("comparing", 0, 2))
    async with _connect(order) as snapshot:
        async with level(pauser, shadow, patience_seconds=order.patience_seconds, may_lead=False):
            await snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT count(*) FROM log_cursor")
        progress(Progress("comparing", 1, 2))
        found = await compare(snapshot)
    progress(Progress("comparing", 2, 2))
    return found


async def _switch(
    order: RebuildOrder, pauser: asyncpg.Connection, shadow: Shadow, progress: Callable[[Progress], None]
) -> None:
    progress(Progress("switching", 0, 1))
    async with level(pauser, shadow, patience_seconds=order.patience_seconds, may_lead=True) as live:
        await schemas.switch(pauser)
        await _take_over(pauser, shadow, live)
    progress(Progress("switching", 1, 1))


async def _take_over(conn: asyncpg.Connection, shadow: Shadow, live: Live) -> None:
    """Live projection goes on where the shadow stands; where that is the same place, its cursor is left alone."""
    if moved := positions_ahead(shadow.marks, live):
        sources, parts = zip(*moved, strict=True)
        await conn.execute(SET_CURSORS, CHARTER.owner, sources, parts, list(moved.values()))


@asynccontextmanager
async def _connect(order: RebuildOrder) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(_dsn(order))
    try:
        yield conn
    finally:
        await conn.close()


def _dsn(order: RebuildOrder) -> str:
    return make_url(order.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
