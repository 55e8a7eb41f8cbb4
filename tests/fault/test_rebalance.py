"""Instances of a service that join and leave while events come in: each event has its effect once, in order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts.event import Recorded
from shared.messaging import broker as broker_module
from shared.messaging.broker import Events, ensure_topics, make_broker, make_router, subscribe
from shared.messaging.charter import Charter
from shared.messaging.codec import encode
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase
from tests.support.consuming import Bench, expected
from tests.support.log import open_log
from tests.support.source import PARTS, case_of, proposed

pytestmark = [pytest.mark.backends, pytest.mark.fault]
PATIENCE_SECONDS = 60


@pytest.fixture
async def bench(service_database: MakeServiceDatabase) -> AsyncIterator[Bench]:
    async with open_log(service_database) as (database, store):
        yield Bench(database, store)


@pytest.fixture
async def topic(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic of this test's own, in the place of triage's."""
    name = f"triage-{new_id().hex}.events"
    await ensure_topics(kafka_bootstrap, [name], PARTS)
    monkeypatch.setattr(broker_module, "topic_of", lambda _owner: name)
    return name


@asynccontextmanager
async def instance(bench: Bench, kafka: str, charter: Charter) -> AsyncIterator[list[Recorded]]:
    """Run one instance in the charter's group; gives what it was handed so far."""
    router, consumer, handed = make_router(), bench.consumer(), list[Recorded]()

    async def take(events: Events) -> None:
        await consumer.handle(events)
        handed.extend(events)

    subscribe(router, charter)(take)
    broker = make_broker(kafka, router)
    await broker.start()
    try:
        yield handed
    finally:
        await broker.stop()


async def until_done(bench: Bench, events: Sequence[Recorded], *handed: list[Recorded]) -> None:
    """Wait until every event has its effect, and every instance given was handed something of these."""
    new = {event.event_id for event in events}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await bench.requested()) < len(bench.log.events) or not all(
            any(event.event_id in new for event in one) for one in handed
        ):
            await asyncio.sleep(0.05)


async def test_effects_are_once_and_in_order_while_instances_come_and_go(
    bench: Bench, kafka_bootstrap: str, topic: str
) -> None:
    charter = Charter(owner=f"approvals-{new_id().hex}", listens=("triage",), publishes=())
    cases = [case_of(part) for part in range(PARTS)]
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=True)
    await producer.start()

    async def publish(times: int) -> list[Recorded]:
        events = bench.record([proposed(case) for _ in range(times) for case in cases])
        for event in events:
            wire = encode(event)
            place = {"partition": event.log_part, "key": wire.key, "headers": wire.headers}
            await producer.send_and_wait(topic, value=wire.value, **place)
        return events

    try:
        async with instance(bench, kafka_bootstrap, charter) as second_to_leave:
            await until_done(bench, await publish(10), second_to_leave)
            async with instance(bench, kafka_bootstrap, charter) as first_to_leave:
                # Published in the middle of the rebalance; then until both share the partitions.
                events = await publish(10)
                await until_done(bench, events)
                while not first_to_leave:
                    events = await publish(1)
                    await until_done(bench, events)
                coming = asyncio.create_task(publish(20))
            await until_done(bench, await coming, second_to_leave)
    finally:
        await producer.stop()
    assert await bench.requested() == expected(bench.log.events)
