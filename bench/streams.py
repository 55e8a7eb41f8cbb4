"""Figures of the streams: the log relayed to Kafka, the topics projected live, the read models rebuilt."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import islice

import uvloop
from aiokafka import AIOKafkaProducer

from bench.backends import Backends
from bench.figure import Figure
from bench.projection import projection_figures
from bench.writers import PARTS, drafts
from shared.contracts.event import Recorded
from shared.eventstore.database import Database
from shared.eventstore.store import Store
from shared.messaging.broker import ensure_topics
from shared.messaging.codec import encode
from shared.runtime.relay import Relay

RELAYED = "SELECT coalesce(sum(position), 0)::bigint FROM log_cursor WHERE consumer = 'relay'"
LOOK_SECONDS = 0.02


def relay_figures(backends: Backends, *, events: int) -> Iterator[Figure]:
    """Measure log to Kafka with acks=all, beside a plain producer of the same bytes; bar: 10,000 events/s."""
    limit, rate = uvloop.run(_relay(backends, events))
    yield Figure(
        "relay, log to Kafka, acks=all",
        rate,
        "events/s",
        "≥ 10,000",
        rate >= 10_000,
        {"share of a plain producer": rate / limit, "plain producer, nothing read": limit},
    )


async def _relay(backends: Backends, events: int) -> tuple[float, float]:
    database, store = Database(backends.log().database_url, pool_size=3), Store("approvals", PARTS)
    await ensure_topics(backends.kafka, ["approvals.events", "bench.plain"], PARTS)
    recorded: list[Recorded] = []
    made = iter(drafts(events, None))
    async with database.connection() as tx:
        while chunk := list(islice(made, 400)):
            recorded += await store.append(tx.raw, chunk)
        limit = await _plain(backends.kafka, recorded)
        relay = Relay(database, store, backends.kafka, asyncio.Event())
        task = asyncio.create_task(relay.run())
        while not relay.leading:
            await asyncio.sleep(0)
        begun = time.perf_counter()
        while await tx.raw.fetchval(RELAYED) < events:
            await asyncio.sleep(LOOK_SECONDS)
        rate = events / (time.perf_counter() - begun)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await database.close()
    return limit, rate


async def _plain(kafka: str, events: Sequence[Recorded]) -> float:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, acks="all", max_batch_size=262144)
    await producer.start()
    wires = [(event.log_part, encode(event)) for event in events]
    begun = time.perf_counter()
    for first in range(0, len(wires), 4000):
        lot = wires[first : first + 4000]
        sent = [
            await producer.send("bench.plain", value=wire.value, key=wire.key, partition=part, headers=wire.headers)
            for part, wire in lot
        ]
        await asyncio.gather(*sent)
    rate = len(wires) / (time.perf_counter() - begun)
    await producer.stop()
    return rate


def projection_rows(backends: Backends, *, cases: int) -> Iterator[Figure]:
    """Measure the read models live and rebuilt; bars: 15,000 and 40,000 events/s."""
    got = uvloop.run(projection_figures(backends.admin_url, backends.kafka, cases))
    live, rebuilt = got["live_events_per_second"], got["rebuild_events_per_second"]
    yield Figure(
        "live projection of the topics into all read models",
        live,
        "events/s",
        "≥ 15,000 (peer's ProjectionRunner 631)",
        live >= 15_000,
        {"bytes an event": got["bytes_an_event"], "events": got["events"]},
    )
    yield Figure(
        "rebuild of all read models from offset 0",
        rebuilt,
        "events/s",
        "≥ 40,000",
        rebuilt >= 40_000,
        {"rows compared with live": got["rows_compared"], "rows that differ": got["rows_differing"]},
    )
