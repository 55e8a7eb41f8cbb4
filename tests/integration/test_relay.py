"""The relay brings the log to Kafka whole and in order, through crashes, rivals and late commits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.event import Recorded
from shared.eventstore.database import Database
from shared.eventstore.store import Store
from shared.messaging.broker import ensure_topics
from shared.messaging.codec import decode_record
from shared.runtime import relay as relay_module
from shared.runtime.clock import new_id
from shared.runtime.relay import Relay
from tests.support.backends import MakeServiceDatabase
from tests.support.log import PARTS, TRACEPARENT, drafts, open_log

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


async def read_topic(bootstrap: str, topic: str, events: int) -> list[Recorded]:
    """Read the topic from offset 0 until so many different events have come; keeps duplicates."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, part) for part in range(PARTS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        got: list[Recorded] = []
        seen: set[UUID] = set()
        async with asyncio.timeout(30):
            while len(seen) < events:
                for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                    for record in records:
                        event = decode_record(record.headers, record.value)
                        assert record.key == str(event.stream_id).encode()
                        assert partition.partition == event.log_part
                        got.append(event)
                        seen.add(event.event_id)
        return got
    finally:
        await consumer.stop()


async def logged(database: Database, store: Store) -> dict[int, list[Recorded]]:
    async with database.connection() as tx:
        return {part: await store.read(tx.raw, part, 0, 100_000) for part in range(PARTS)}


def in_order_once(got: list[Recorded]) -> dict[int, list[Recorded]]:
    """Drop what comes again, as consumers do; fails when a position is skipped or comes too early."""
    parts: dict[int, list[Recorded]] = {part: [] for part in range(PARTS)}
    for event in got:
        part = parts[event.log_part]
        assert event.position <= len(part) + 1, "a position was skipped"
        if event.position == len(part) + 1:
            part.append(event)
    return parts


async def test_kafka_holds_the_log_byte_by_byte(log: tuple[Database, Store], kafka_bootstrap: str, topic: str) -> None:
    database, store = log
    before = await append(database, store, 30)
    task = asyncio.create_task(Relay(database, store, kafka_bootstrap, asyncio.Event()).run())
    during = await append(database, store, 30)
    got = await read_topic(kafka_bootstrap, topic, len(before) + len(during))
    await stop(task)
    assert in_order_once(got) == await logged(database, store)
    assert len(got) == len(before) + len(during)
    assert {event.traceparent for event in got} == {TRACEPARENT}


async def test_a_relay_that_dies_at_any_point_leaves_neither_gap_nor_reordering(
    log: tuple[Database, Store], kafka_bootstrap: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, store = log
    monkeypatch.setattr(relay_module, "PAGE", 7)
    events = await append(database, store, 60)
    calls = 0

    class Dying(Relay):
        async def _advance(self, raw: asyncpg.Connection, positions: dict[int, int], epoch: int) -> None:
            nonlocal calls
            calls += 1
            if calls % 2:
                raise OSError("died after publishing, before the cursor moved")
            await super()._advance(raw, positions, epoch)

    task = asyncio.create_task(Dying(database, store, kafka_bootstrap, asyncio.Event()).run())
    got = await read_topic(kafka_bootstrap, topic, len(events))
    await stop(task)
    assert in_order_once(got) == await logged(database, store)
    assert len(got) > len(events), "the injected deaths must have published something twice"


async def test_of_two_relays_one_leads_and_the_other_takes_over(
    log: tuple[Database, Store], kafka_bootstrap: str, topic: str
) -> None:
    database, store = log
    first, second = (Relay(database, store, kafka_bootstrap, asyncio.Event()) for _ in range(2))
    task = asyncio.create_task(first.run())
    events = await append(database, store, 10)
    await read_topic(kafka_bootstrap, topic, len(events))
    standby = asyncio.create_task(second.run())
    assert (first.leading, second.leading) == (True, False)
    await stop(task)
    events += await append(database, store, 10)
    got = await read_topic(kafka_bootstrap, topic, len(events))
    assert second.leading
    await stop(standby)
    assert in_order_once(got) == await logged(database, store)


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
