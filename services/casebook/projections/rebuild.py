"""Rebuilding read models from offset 0 into the shadow schema, comparing them with the live ones, switching to them.

Live traffic goes on: it waits only while the last few events are caught up (for the snapshot that is compared) and
while tables change their schema. A rebuild that broke off, even by a kill, is gone on with: a log partition is loaded
in one transaction with its marks, an index is there or not.
"""

import asyncio
from collections.abc import Callable

import asyncpg

from services.casebook import CHARTER
from services.casebook.projections import building, schemas
from services.casebook.projections.apply import LOCK_CLASS
from services.casebook.projections.building import Standing
from services.casebook.projections.bulk import WORKER_LOCK, BulkJob
from services.casebook.projections.catching_up import (
    Live,
    ParkedMeanwhile,
    Shadow,
    level,
    look,
    positions_ahead,
)
from services.casebook.projections.compare import Comparison, compare
from services.casebook.projections.order import Progress, RebuildOrder, Rebuilt, alone, connect, dsn_of
from services.casebook.projections.reading import TopicReader, open_reader
from services.casebook.projections.search import Search
from services.casebook.projections.vault_access import open_search
from services.casebook.projections.workers import load_all, share
from services.casebook.tables import LIVE, MODELS, PREVIOUS, SHADOW
from shared.messaging.cursor import Place

INDEXERS = 2
INDEX_MEMORY = "256MB"
SET_CURSORS = """
    INSERT INTO log_cursor (consumer, source, log_part, position)
    SELECT $1, * FROM unnest($2::text[], $3::smallint[], $4::bigint[])
    ON CONFLICT (consumer, source, log_part) DO UPDATE SET position = EXCLUDED.position"""

Tell = Callable[[Progress], None]


async def rebuild(order: RebuildOrder, progress: Tell) -> Rebuilt:
    """Rebuild read models from the topics; compare and switch as ordered. `progress` is called often.

    Raises RebuildRunning, TopicGap, TopicStalled, LiveBehind or ParkedMeanwhile; live is untouched then.
    """
    order.chosen()
    done = Rebuilt()
    async with (
        alone(order) as pauser,
        connect(order) as conn,
        open_reader(order.kafka_bootstrap, order.topics) as reader,
        open_search(order.vault) as search,
    ):
        with done.timed("reading"):
            shadow = await _read(order, conn, reader, search, done, progress)
        with done.timed("indexing"):
            await _index(order, conn, progress)
        try:
            if order.compare and await schemas.exists(conn, LIVE):
                with done.timed("comparing"):
                    done.comparison = await _compare(order, pauser, shadow, progress)
            equal = done.comparison is not None and done.comparison.equal
            if order.switch == "always" or (order.switch == "if_equal" and equal):
                with done.timed("switching"):
                    await _switch(order, pauser, shadow, progress)
                done.switched = True
        except ParkedMeanwhile:
            await building.end(conn, SHADOW)
            raise
        if not done.switched:
            await building.end(conn, SHADOW)
    return done


async def _read(
    order: RebuildOrder,
    conn: asyncpg.Connection,
    reader: TopicReader,
    search: Search | None,
    done: Rebuilt,
    progress: Tell,
) -> Shadow:
    places: list[Place] = [(source, part) for source in CHARTER.listens for part in range(order.log_parts)]
    until, live = await reader.ends(places), await look(conn)
    begun = await _begin(order, conn)
    parts = tuple(part for part in range(order.log_parts) if any((s, part) not in begun.marks for s in CHARTER.listens))
    marks = {place: mark for place, mark in begun.marks.items() if place[1] not in parts}
    done.resumed = sum(mark.position for mark in marks.values())
    ends = {place: end for place, end in until.items() if place[1] in parts}
    total = done.resumed + sum(ends.values())
    job = BulkJob(
        dsn_of(order),
        order.kafka_bootstrap,
        dict(order.topics),
        SHADOW,
        parts,
        ends,
        live.parked,
        order.models,
        order.vault,
    )
    if parts:
        shares = share(job, order.processes)
        marks |= await load_all(shares, lambda events: progress(Progress("reading", done.resumed + events, total)))
    done.events = sum(mark.position for mark in marks.values())
    done.passed_over = sum(mark.passed_over for mark in marks.values())
    read = await building.read(conn, SHADOW)
    left_out = read.left_out if read else set()
    models = None if order.models is None else order.chosen()
    return Shadow(conn, reader, marks, left_out, SHADOW, models, search)


async def _begin(order: RebuildOrder, conn: asyncpg.Connection) -> Standing:
    """Give where a rebuild that broke off stands, once its workers are gone, or make the shadow anew."""
    await conn.execute("SELECT pg_advisory_lock($1, $2)", LOCK_CLASS, WORKER_LOCK)
    await conn.execute("SELECT pg_advisory_unlock($1, $2)", LOCK_CLASS, WORKER_LOCK)
    models = tuple(model.name for model in order.chosen())
    found = None if order.afresh else await building.read(conn, SHADOW)
    if found and not found.done and (found.fingerprint, found.models) == (building.fingerprint(), models):
        return found
    async with conn.transaction():
        await schemas.make(conn, SHADOW, order.chosen())
        await building.begin(conn, SHADOW, models)
    return Standing("", models, False, {}, set())


async def _index(order: RebuildOrder, conn: asyncpg.Connection, progress: Tell) -> None:
    left = schemas.indexing(SHADOW, order.chosen(), await schemas.indexed(conn, SHADOW))
    total = len(left)

    async def work() -> None:
        async with connect(order) as worker:
            await worker.execute(f"SET maintenance_work_mem = '{INDEX_MEMORY}'")
            while left:
                await worker.execute(left.pop(0))
                progress(Progress("indexing", total - len(left), total))

    await asyncio.gather(*(work() for _ in range(INDEXERS)))
    for model in order.chosen():
        await conn.execute(f'ANALYZE "{SHADOW}"."{model.name}"')
    await schemas.grant(conn, SHADOW, order.app_role)


async def _compare(order: RebuildOrder, pauser: asyncpg.Connection, shadow: Shadow, progress: Tell) -> Comparison:
    """Compare in a snapshot that is taken while live stands still, so that live goes on during the comparison."""
    progress(Progress("comparing", 0, 2))
    async with connect(order) as snapshot:
        async with level(pauser, shadow, patience_seconds=order.patience_seconds, may_lead=False):
            await snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT count(*) FROM log_cursor")
        progress(Progress("comparing", 1, 2))
        found = await compare(snapshot, models=order.chosen())
    progress(Progress("comparing", 2, 2))
    return found


async def _switch(order: RebuildOrder, pauser: asyncpg.Connection, shadow: Shadow, progress: Tell) -> None:
    """Switch. Some of the models must stand where the others do; all of them may be further than live."""
    progress(Progress("switching", 0, 1))
    may_lead = order.chosen() == MODELS
    async with level(pauser, shadow, patience_seconds=order.patience_seconds, may_lead=may_lead) as live:
        await put_in_place(pauser, order, live)
        await _take_over(pauser, shadow, live)
    progress(Progress("switching", 1, 1))


async def put_in_place(conn: asyncpg.Connection, order: RebuildOrder, live: Live) -> None:
    """Put the shadow's tables in live's place, with what the way back from there needs; inside a transaction."""
    await schemas.switch(conn, order.chosen())
    for schema in (LIVE, PREVIOUS):
        await schemas.grant(conn, schema, order.app_role)
    await building.begin(conn, PREVIOUS, [model.name for model in order.chosen()])
    passed = [event for event in live.parked if event[2] <= live.positions.get(event[:2], 0)]
    await building.keep(conn, PREVIOUS, live.marks(), passed)


async def _take_over(conn: asyncpg.Connection, shadow: Shadow, live: Live) -> None:
    """Live projection goes on where the shadow stands; where that is the same place, its cursor is left alone."""
    if moved := positions_ahead(shadow.marks, live):
        sources, parts = zip(*moved, strict=True)
        await conn.execute(SET_CURSORS, CHARTER.owner, sources, parts, list(moved.values()))
