"""The read models as they were at a cut through the logs, in a schema of their own, built by the workers of a rebuild.

A schema is built under another name and gets its own, which tells cut and code, in its last step: one that can be
found is whole, and never changes.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Literal, NamedTuple

from services.casebook import CHARTER
from services.casebook.projections import building, schemas
from services.casebook.projections.apply import LOCK_CLASS
from services.casebook.projections.bulk import BulkJob
from services.casebook.projections.catching_up import look
from services.casebook.projections.order import RebuildOrder, connect, dsn_of
from services.casebook.projections.workers import load_all, share
from services.casebook.tables import MODELS
from shared.messaging.cursor import Place

Cut = Mapping[Place, int]  # the last position of each log partition

PREFIX, UNFINISHED = "past_", "unfinished_past"
BUILD_LOCK = -5
# Held, shared, by those who read a schema of the past, under a key of its name.
READ_LOCK_CLASS = 0x7061  # "pa"
READING = "SELECT pg_advisory_xact_lock_shared({lock_class}, {key}), to_regnamespace('{name}') IS NOT NULL"
THERE = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1) ORDER BY oid DESC"


class Stage(NamedTuple):
    """How far a schema of the past is: `done` of `total` events or statements; waiting is for another one's turn."""

    phase: Literal["waiting", "reading", "indexing"]
    done: int
    total: int


def name_of(cut: Cut) -> str:
    """Give the name of the schema at a cut, built by the code that runs."""
    places = json.dumps(sorted([*place, position] for place, position in cut.items()))
    return f"{_prefix()}{sha256(places.encode()).hexdigest()[:16]}"


def reading(name: str) -> str:
    """Give the statement that keeps a schema from being dropped in this transaction, and tells whether it is there."""
    return READING.format(lock_class=READ_LOCK_CLASS, key=_key(name), name=name)


async def build(order: RebuildOrder, cut: Cut, progress: Callable[[Stage], None]) -> bool:
    """Build the schema at a cut; False when another process is building one, so that this must wait.

    Raises TopicGap or TopicStalled when the topics do not hold the events, WorkerDied when a process ended.
    """
    async with connect(order) as conn:
        if not await conn.fetchval("SELECT pg_try_advisory_lock($1, $2)", LOCK_CLASS, BUILD_LOCK):
            return False
        live = await look(conn)
        await schemas.make(conn, UNFINISHED)
        await building.begin(conn, UNFINISHED, [model.name for model in MODELS])
        parts = tuple(range(order.log_parts))
        topics = {source: order.topics[source] for source in CHARTER.listens}
        job = BulkJob(
            dsn_of(order),
            order.kafka_bootstrap,
            topics,
            UNFINISHED,
            parts,
            dict(cut),
            live.parked,
            vault=order.vault,
            by="position",
        )
        total = sum(cut.values())
        await load_all(share(job, order.processes), lambda events: progress(Stage("reading", events, total)))
        statements = schemas.indexing(UNFINISHED)
        for nth, statement in enumerate(statements):
            progress(Stage("indexing", nth, len(statements)))
            await conn.execute(statement)
        for model in MODELS:
            await conn.execute(f'ANALYZE "{UNFINISHED}"."{model.name}"')
        await conn.execute(f'GRANT USAGE ON SCHEMA "{UNFINISHED}" TO "{order.app_role}"')
        await conn.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{UNFINISHED}" TO "{order.app_role}"')
        await conn.execute(f'ALTER SCHEMA "{UNFINISHED}" RENAME TO "{name_of(cut)}"')
    return True


async def tidy(order: RebuildOrder, keep: Callable[[list[str]], set[str]]) -> None:
    """Drop schemas of other code, and those that `keep` does not name of all, newest first, unless they are read."""
    async with connect(order) as conn:
        found = [row["nspname"] for row in await conn.fetch(THERE, PREFIX)]
        ours = [name for name in found if name.startswith(_prefix())]
        for name in set(found) - keep(ours):
            async with conn.transaction():
                if await conn.fetchval("SELECT pg_try_advisory_xact_lock($1, $2)", READ_LOCK_CLASS, _key(name)):
                    await schemas.drop(conn, name)


def _prefix() -> str:
    return f"{PREFIX}{building.fingerprint()[:8]}_"


def _key(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:4], signed=True)
