"""Reading the topics whole and in order: by partition, from a known place to another, without a gap."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.event import Recorded
from shared.kernel.errors import MalformedInput, RecourseError
from shared.messaging.codec import decode_record
from shared.messaging.cursor import Place

FETCH_BYTES = 4 * 1024 * 1024
STALL_SECONDS = 30.0


class TopicGap(RecourseError):
    """A topic misses events, so nothing that is built from it can be right."""

    status = 500
    title = "Events are missing"


class TopicStalled(RecourseError):
    """Kafka has records that it does not give."""

    status = 503
    title = "Kafka does not answer"


@dataclass(slots=True)
class Mark:
    """How far a place was read: the next Kafka offset, the last position, and how many records were passed over."""

    offset: int = 0
    position: int = 0
    passed_over: int = 0


class TopicReader:
    """Reads places of the topics (`topics` by source) with a consumer of no group, which commits nothing."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Mapping[str, str]) -> None:
        self._consumer = consumer
        self._topics = topics
        self._sources = {topic: source for source, topic in topics.items()}

    async def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Give the offset after the last record of each place."""
        found = await self._consumer.end_offsets([self._partition(place) for place in places])
        return {self._place(partition): offset for partition, offset in found.items()}

    async def read(
        self,
        marks: Mapping[Place, Mark],
        until: Mapping[Place, int],
        *,
        by: Literal["offset", "position"],
        stall_seconds: float = STALL_SECONDS,
    ) -> AsyncIterator[list[Recorded]]:
        """Go on from each mark until it stands at `until`, moving the marks; by offset, the one at `until` is not read.

        Places come in any order, the events of one in theirs. Records that came before, and such as are no facts of
        ours, are passed over, as the live consumer does. Raises TopicGap naming the place when a position is missing,
        TopicStalled when no record comes in time.
        """
        consumer = self._consumer
        left = {place for place, end in until.items() if getattr(marks[place], by) < end}
        if not left:
            return
        consumer.assign([self._partition(place) for place in left])
        for place in left:
            consumer.seek(self._partition(place), marks[place].offset)
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while left:
            polled: dict[TopicPartition, list[ConsumerRecord]] = await consumer.getmany(timeout_ms=500)
            if polled:
                heard = loop.time()
            elif loop.time() - heard > stall_seconds:
                missing = ", ".join(f"{source} partition {part}" for source, part in sorted(left))
                raise TopicStalled(
                    f"no record came for {stall_seconds:.0f} s from {missing}", fix="look at Kafka's log"
                )
            for partition, records in polled.items():
                place = self._place(partition)
                mark, end = marks[place], until[place]
                yield [e for r in records if getattr(mark, by) < end and (e := _next(mark, place, r)) is not None]
                if getattr(mark, by) >= end:
                    left.discard(place)
                    consumer.pause(partition)

    def _partition(self, place: Place) -> TopicPartition:
        return TopicPartition(self._topics[place[0]], place[1])

    def _place(self, partition: TopicPartition) -> Place:
        return self._sources[partition.topic], partition.partition


@asynccontextmanager
async def open_reader(bootstrap: str, topics: Mapping[str, str]) -> AsyncIterator[TopicReader]:
    """Lend a reader of the topics."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    try:
        yield TopicReader(consumer, topics)
    finally:
        await consumer.stop()


def _next(mark: Mark, place: Place, record: ConsumerRecord) -> Recorded | None:
    mark.offset = record.offset + 1
    try:
        event = decode_record(record.headers, record.value or b"")
    except MalformedInput:
        event = None
    if event is None or event.position <= mark.position:
        mark.passed_over += 1
        return None
    if event.position != mark.position + 1 or (event.log, event.log_part) != place:
        raise TopicGap(
            f"after position {mark.position} comes {event.log} {event.log_part}/{event.position},"
            f" at offset {record.offset}",
            field=f"{place[0]} partition {place[1]}",
            fix=f"republish the log of {place[0]} to its topic",
        )
    mark.position = event.position
    return event
