"""The live path on a real database: the same rows as the bulk path, in any order, and the schema that was migrated."""

import asyncio
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.casebook.projections import schemas
from services.casebook.projections.apply import apply, fold
from services.casebook.projections.compare import compare
from services.casebook.projections.search import Search
from services.casebook.tables import LIVE, MODELS, SHADOW
from shared.contracts.event import Recorded
from shared.eventstore.readmodel import Batch
from shared.eventstore.readmodel_sql import copy
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import Casebook, open_casebook, rows_of
from tests.support.histories import Lane, interleave, make_lanes, one_after_another, split
from tests.support.memory_vault import MemoryVault

pytestmark = pytest.mark.backends
SEARCH = Search(MemoryVault())

SHAPE = """
    SELECT table_name, column_name, data_type, is_nullable, column_default, generation_expression
    FROM information_schema.columns WHERE table_schema = $1 ORDER BY table_name, ordinal_position"""
INDEXES = "SELECT replace(indexdef, $1 || '.', '') FROM pg_indexes WHERE schemaname = $1 ORDER BY 1"


@pytest.fixture(scope="module")
async def casebook(service_database: MakeServiceDatabase) -> AsyncIterator[Casebook]:
    async with open_casebook(service_database) as opened:
        yield opened


@pytest.fixture
async def owner(casebook: Casebook) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner's role, with an empty live schema."""
    conn = await asyncpg.connect(casebook.made.migration_database_url.replace("+asyncpg", ""))
    await conn.execute("TRUNCATE " + ", ".join(f"{LIVE}.{model.name}" for model in MODELS))
    yield conn
    await conn.close()


async def build(conn: asyncpg.Connection, schema: str, batches: list[list[Recorded]] | None) -> None:
    """Make a schema as a rebuild does, then fill it by the live path if there are batches."""
    await schemas.make(conn, schema)
    for statement in schemas.indexing(schema):
        await conn.execute(statement)
    for batch in batches or ():
        async with conn.transaction():
            await apply(conn, batch, schema, SEARCH)


async def bulk(lanes: list[Lane]) -> Batch:
    """Fold all events in one batch, as a rebuild does."""
    events = one_after_another(lanes)
    batch = fold(events)
    batch.take(await SEARCH.changes(events))
    return batch


@pytest.mark.parametrize("seed", range(4))
async def test_live_batches_and_bulk_copy_end_in_the_same_bytes(owner: asyncpg.Connection, seed: int) -> None:
    lanes, chance = make_lanes(seed, cases=4), random.Random(seed)
    await build(owner, "mixed", split(interleave(lanes, chance), chance))
    await build(owner, "singles", [[event] for event in interleave(lanes, chance)])
    await build(owner, "bulk", None)
    await copy(owner, "bulk", await bulk(lanes))
    expected = await rows_of(owner, "bulk")
    assert all(expected.values())
    assert await rows_of(owner, "mixed") == expected
    assert await rows_of(owner, "singles") == expected
    assert (await compare(owner, live="mixed", shadow="bulk")).equal


async def test_consumers_of_single_topics_side_by_side_end_in_the_same_rows(
    casebook: Casebook, owner: asyncpg.Connection
) -> None:
    lanes = make_lanes(21, cases=6)

    async def consume(own: list[Lane]) -> None:
        chance = random.Random(1)
        for batch in split(interleave(own, chance), chance):
            async with casebook.database.transaction() as tx:
                await apply(tx.raw, batch, search=SEARCH)

    topics = {lane[0].log for lane in lanes}
    await asyncio.gather(*(consume([lane for lane in lanes if lane[0].log == topic]) for topic in topics))
    await build(owner, "bulk", None)
    await copy(owner, "bulk", await bulk(lanes))
    assert await rows_of(owner) == await rows_of(owner, "bulk")


async def test_the_migrated_schema_is_the_one_that_a_rebuild_makes(owner: asyncpg.Connection) -> None:
    await build(owner, SHADOW, None)
    assert await owner.fetch(SHAPE, LIVE) == await owner.fetch(SHAPE, SHADOW)
    assert await owner.fetch(INDEXES, LIVE) == await owner.fetch(INDEXES, SHADOW)
    await schemas.drop(owner, SHADOW)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM live.case_list", "TRUNCATE live.counter", "DROP SCHEMA live CASCADE"]
)
async def test_the_service_cannot_remove_what_it_shows(casebook: Casebook, statement: str) -> None:
    async with casebook.database.connection() as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.raw.execute(statement)


async def test_a_difference_is_named_by_table_key_and_column(owner: asyncpg.Connection) -> None:
    lanes = make_lanes(5)
    for schema in ("left_side", "right_side"):
        await build(owner, schema, [one_after_another(lanes)])
        await owner.execute(f"UPDATE {schema}.approval_inbox SET amount = 84.90")
    case_id = await owner.fetchval("SELECT case_id FROM right_side.case_list LIMIT 1")
    await owner.execute("UPDATE right_side.case_list SET tone = 'serene' WHERE case_id = $1", case_id)
    await owner.execute("UPDATE right_side.approval_inbox SET amount = amount::numeric(18, 4)")
    promise_id = await owner.fetchval("SELECT promise_id FROM right_side.promise_board LIMIT 1")
    await owner.execute("DELETE FROM right_side.promise_board WHERE promise_id = $1", promise_id)
    await owner.execute("ALTER TABLE right_side.counter ADD COLUMN surplus text")
    found = await compare(owner, live="left_side", shadow="right_side")
    by_table = {
        table: [d for d in found.differences if d.table == table] for table in {d.table for d in found.differences}
    }
    assert {*by_table} == {"case_list", "approval_inbox", "promise_board", "counter"}
    [tone] = by_table["case_list"]
    assert (tone.column, tone.shadow) == ("tone", "serene")
    assert tone.key.keys() == {"case_id"}
    assert {d.column for d in by_table["approval_inbox"]} == {"amount"}, (
        "1.0 and 1.0000 are equal, and not the same bytes"
    )
    [missing] = by_table["promise_board"]
    assert (missing.column, missing.live, missing.shadow) == ("*", "present", None)
    [surplus] = by_table["counter"]
    assert (surplus.column, surplus.live, surplus.shadow) == ("surplus", None, "present")
