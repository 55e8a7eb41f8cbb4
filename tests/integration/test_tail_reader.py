"""No reader that follows the log by position ever misses an event, however late its transaction commits."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from shared.eventstore.database import Database
from shared.eventstore.store import Store
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase
from tests.support.log import PARTS, drafts, open_log

pytestmark = pytest.mark.backends
WRITERS = 8
EACH = 60


@pytest.fixture
async def log(service_database: MakeServiceDatabase) -> AsyncIterator[tuple[Database, Store]]:
    async with open_log(service_database, pool_size=WRITERS + 4) as opened:
        yield opened


async def follow(database: Database, store: Store, done: asyncio.Event) -> list[tuple[int, int]]:
    """Read each log partition after the last position seen, as a relay does, until the writers are done."""
    positions = dict.fromkeys(range(PARTS), 0)
    seen: list[tuple[int, int]] = []
    async with database.connection() as tx:
        while True:
            finished = done.is_set()
            events = await store.read_all(tx.raw, positions, 50)
            for event in events:
                seen.append((event.log_part, event.position))
                positions[event.log_part] = event.position
            if finished and not events:
                return seen
            await asyncio.sleep(0)


async def write(database: Database, store: Store, seed: int) -> None:
    """Append in transactions that commit at once, late, or not at all."""
    chance = random.Random(seed)
    for nth in range(EACH):
        try:
            async with database.transaction() as tx:
                await tx.raw.execute("SELECT 1")
                await store.append(tx.raw, drafts(new_id(), 0, [f"writer {seed} event {nth}"] * chance.randint(1, 3)))
                if chance.random() < 0.3:
                    await tx.raw.execute("SELECT pg_sleep($1)", chance.random() * 0.01)
                if chance.random() < 0.1:
                    raise RuntimeError("this one rolls back")
        except RuntimeError:
            continue


async def test_a_tail_reader_sees_every_position_once_and_in_order(log: tuple[Database, Store]) -> None:
    database, store = log
    done = asyncio.Event()
    async with database.connection() as old:
        await old.raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await old.raw.fetchval("SELECT count(*) FROM event")  # an old snapshot stays open all the while
        reader = asyncio.create_task(follow(database, store, done))
        await asyncio.gather(*(write(database, store, seed) for seed in range(WRITERS)))
        done.set()
        seen = await reader
        assert await old.raw.fetchval("SELECT count(*) FROM event") == 0
        await old.raw.execute("COMMIT")
        heads = await store.heads(old.raw)
    for part in range(PARTS):
        assert [position for at, position in seen if at == part] == list(range(1, heads[part] + 1))
    assert sum(heads.values()) > WRITERS * EACH
