"""What a topic holds of a log: how far it goes, and its events in order."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.event import Recorded
from shared.kernel.errors import MalformedInput, RecourseError
from shared.messaging.codec import decode_record

# A relay that died and began again puts at most a page of earlier positions behind the last one.
LOOK_BACK = 1000
STALL_SECONDS = 30.0


class Head(NamedTuple):
    """The last event of a log partition: its position (0 is none), and the chain hash there."""

    position: int = 0
    chain_hash: bytes = b""


class TopicDamaged(RecourseError):
    """A topic misses events of its log, or does not give those it has."""

    status = 500
    title = "A topic is damaged"


async def heads(bootstrap: str, topic: str, parts: int) -> dict[int, Head]:
    """Give how far a topic goes in each partition; records that are no facts of ours are passed over."""
    found = {part: Head() for part in range(parts)}
    async with open_consumer(bootstrap) as consumer:
        places = [TopicPartition(topic, part) for part in range(parts)]
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(places)
        starts: Mapping[TopicPartition, int] = await consumer.beginning_offsets(places)
        offsets = {place: max(starts[place], ends[place] - LOOK_BACK) for place in places}
        async for event in _read(consumer, offsets, ends):
            if event.position > found[event.log_part].position:
                found[event.log_part] = Head(event.position, event.chain_hash)
    return found


async def events_after(consumer: AIOKafkaConsumer, topic: str, part: int, position: int) -> AsyncIterator[Recorded]:
    """Give the events of one partition after a position, each once and in order, up to the present end.

    Raises TopicDamaged when one is missing.
    """
    place = TopicPartition(topic, part)
    ends: Mapping[TopicPartition, int] = await consumer.end_offsets([place])
    starts: Mapping[TopicPartition, int] = await consumer.beginning_offsets([place])
    # Each position takes one offset at least, so no later event comes before this offset.
    async for event in _read(consumer, {place: min(ends[place], starts[place] + position)}, ends):
        if event.position <= position:
            continue
        if event.position != position + 1:
            raise TopicDamaged(
                f"after position {position} comes {event.position}",
                field=f"{topic} partition {part}",
                fix="make the topic again from the store: recourse topics rebuild",
            )
        position = event.position
        yield event


async def _read(
    consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> AsyncIterator[Recorded]:
    left = {place for place, offset in offsets.items() if offset < ends[place]}
    if not left:
        return
    consumer.assign(list(left))
    for place in left:
        consumer.seek(place, offsets[place])
    loop = asyncio.get_running_loop()
    heard = loop.time()
    while left:
        polled: dict[TopicPartition, list[ConsumerRecord]] = await consumer.getmany(timeout_ms=500)
        if polled:
            heard = loop.time()
        elif loop.time() - heard > STALL_SECONDS:
            raise TopicDamaged(f"no record came for {STALL_SECONDS:.0f} s", field=min(left).topic)
        for place, records in polled.items():
            for event in _decoded(records, ends[place]):
                yield event
            if records[-1].offset + 1 >= ends[place]:
                left.discard(place)
                consumer.pause(place)


def _decoded(records: list[ConsumerRecord], end: int) -> Iterator[Recorded]:
    for record in records:
        if record.offset >= end:
            return
        try:
            event = decode_record(record.headers, record.value or b"")
        except MalformedInput:
            continue
        if event.log_part == record.partition:
            yield event


@asynccontextmanager
async def open_consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Lend a consumer of no group, which commits nothing."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
