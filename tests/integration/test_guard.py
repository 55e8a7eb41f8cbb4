"""A store restored from an old backup is refused until it holds what its topic holds; a topic that lost some heals."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.event import Recorded
from shared.eventstore.database import Database
from shared.eventstore.store import Store
from shared.messaging import tail
from shared.messaging.broker import ensure_topics
from shared.runtime import relay as relay_module
from shared.runtime.clock import new_id
from shared.runtime.guard import StoreGuard, StoreRefused
from shared.runtime.relay import Relay
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import publish
from tests.support.log import LOG, PARTS, drafts, open_log
from tests.support.waiting import stopped

pytestmark = pytest.mark.backends


@pytest.fixture
async def log(service_database: MakeServiceDatabase) -> AsyncIterator[tuple[Database, Store]]:
    async with open_log(service_database) as opened:
        yield opened


@pytest.fixture
async def topic(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic of this test's own, in the place of the owner's."""
    name = f"approvals-{new_id().hex}.events"
    await ensure_topics(kafka_bootstrap, [name], PARTS)
    monkeypatch.setattr(relay_module, "topic_of", lambda _owner: name)
    return name


async def append(database: Database, store: Store, count: int) -> list[Recorded]:
    recorded = []
    async with database.connection() as tx:
        for _ in range(count):
            recorded += await store.append(tx.raw, drafts(new_id(), 0, ["one", "two"]))
    return recorded


async def leads(relay: Relay, wanted: bool) -> None:
    """Wait until the relay leads, or does not."""
    while relay.leading != wanted:
        await asyncio.sleep(0.02)


async def heads_are(bootstrap: str, topic: str, database: Database, store: Store) -> None:
    """Wait until the topic goes as far as the store."""
    async with database.connection() as tx:
        wanted = await store.heads(tx.raw)
    async with asyncio.timeout(30):
        while {part: head.position for part, head in (await tail.heads(bootstrap, topic, PARTS)).items()} != wanted:
            await asyncio.sleep(0.05)


async def test_a_store_that_lacks_what_its_topic_holds_is_refused(
    log: tuple[Database, Store], service_database: MakeServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    database, store = log
    events = await append(database, store, 20)
    await publish(kafka_bootstrap, {LOG: topic}, events)
    guard = StoreGuard(store, kafka_bootstrap, topic)
    async with database.connection() as tx:
        with pytest.raises(StoreRefused, match="not compared"):
            await guard.admit(tx.raw)
        held = await guard.compare(tx.raw)
        assert {part: head.position for part, head in held.items()} == await store.heads(tx.raw)
        await guard.admit(tx.raw)

    async with open_log(service_database) as (restored, same), restored.connection() as tx:
        guard = StoreGuard(same, kafka_bootstrap, topic)
        with pytest.raises(StoreRefused, match=f"lacks {len(events)} events that its topic holds") as refused:
            await guard.compare(tx.raw)
        assert "recourse topics reconcile --service approvals" in str(refused.value)
        with pytest.raises(StoreRefused):
            await guard.admit(tx.raw)
        # A history that went on otherwise has the positions, and other events there.
        await append(restored, same, 60)
        with pytest.raises(StoreRefused, match="is another than the one in its topic"):
            await guard.compare(tx.raw)


async def test_a_database_that_comes_back_as_another_is_found_out_before_the_next_append(
    log: tuple[Database, Store], service_database: MakeServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    database, store = log
    relay = Relay(database, store, kafka_bootstrap, asyncio.Event())
    async with stopped(relay.run()):
        await append(database, store, 10)
        await heads_are(kafka_bootstrap, topic, database, store)
    relay.guard.doubt()
    async with database.connection() as tx:
        await relay.guard.admit(tx.raw)
    relay.guard.doubt()
    async with open_log(service_database) as (restored, _), restored.connection() as tx:
        with pytest.raises(StoreRefused, match="it lacks 20 events"):
            await relay.guard.admit(tx.raw)


async def test_a_relay_publishes_nothing_from_a_refused_store(
    log: tuple[Database, Store], service_database: MakeServiceDatabase, kafka_bootstrap: str, topic: str
) -> None:
    database, store = log
    events = await append(database, store, 20)
    await publish(kafka_bootstrap, {LOG: topic}, events)
    before = await tail.heads(kafka_bootstrap, topic, PARTS)
    async with open_log(service_database) as (restored, same):
        await append(restored, same, 1)
        relay = Relay(restored, same, kafka_bootstrap, asyncio.Event())
        async with stopped(relay.run()), asyncio.timeout(30):
            await relay.guard.looked.wait()
            assert relay.guard.trouble is not None
            assert not relay.leading
    assert await tail.heads(kafka_bootstrap, topic, PARTS) == before


async def test_what_a_topic_lost_is_published_again_from_the_same_positions(
    log: tuple[Database, Store], kafka_bootstrap: str, topic: str
) -> None:
    database, store = log
    relay = Relay(database, store, kafka_bootstrap, asyncio.Event())
    async with stopped(relay.run()):
        await append(database, store, 30)
        await heads_are(kafka_bootstrap, topic, database, store)
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
        await admin.start()
        await admin.delete_topics([topic])
        while topic in await admin.list_topics():
            await asyncio.sleep(0.05)
        await admin.close()
        await ensure_topics(kafka_bootstrap, [topic], PARTS)
        relay.begin_again()
        await heads_are(kafka_bootstrap, topic, database, store)
        await append(database, store, 5)
        await heads_are(kafka_bootstrap, topic, database, store)
    async with tail.open_consumer(kafka_bootstrap) as consumer, database.connection() as tx:
        for part in range(PARTS):
            logged = await store.read(tx.raw, part, 0, 1000)
            published = [event async for event in tail.events_after(consumer, topic, part, 0)]
            assert published == logged
            later = [event async for event in tail.events_after(consumer, topic, part, 3)]
            assert later == logged[3:]


async def test_a_gap_in_a_topic_is_named(log: tuple[Database, Store], kafka_bootstrap: str, topic: str) -> None:
    database, store = log
    case = new_id()
    async with database.connection() as tx:
        events = await store.append(tx.raw, drafts(case, 0, ["one", "two", "three"]))
    await publish(kafka_bootstrap, {LOG: topic}, [events[0], events[2]])
    part = events[0].log_part
    async with tail.open_consumer(kafka_bootstrap) as consumer:
        with pytest.raises(tail.TopicDamaged, match=f"{topic} partition {part}: after position 1 comes 3"):
            assert [event async for event in tail.events_after(consumer, topic, part, 0)]


async def test_the_relay_tells_the_guard_when_the_database_goes(
    log: tuple[Database, Store], postgres_admin_url: str, kafka_bootstrap: str, topic: str
) -> None:
    database, store = log
    relay = Relay(database, store, kafka_bootstrap, asyncio.Event())
    doubts = asyncio.Event()
    relay.guard.doubt = doubts.set  # type: ignore[method-assign] # only watched
    async with stopped(relay.run()), asyncio.timeout(30):
        await leads(relay, True)
        doubts.clear()
        admin = await asyncpg.connect(postgres_admin_url)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database.url.database
        )
        await admin.close()
        await doubts.wait()
        await leads(relay, False)
        await leads(relay, True)
