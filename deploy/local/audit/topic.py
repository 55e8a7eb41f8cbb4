"""One partition of a service's topic beside its log: every record must be the stored event of its position."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from deploy.local.audit.header import Row
from deploy.local.audit.walk import recorded
from shared.contracts.event import Recorded
from shared.kernel.errors import MalformedInput, RecourseError
from shared.messaging.codec import decode_record, encode

FETCH_BYTES = 4 * 1024 * 1024
BATCH = 4000
STALL_SECONDS = 30.0
KEPT = 64
FIELDS = tuple(name for name in Recorded._fields if name not in ("body_hash",))


class TopicSilent(RecourseError):
    """Kafka has records that it does not give."""

    status = 503
    title = "Kafka does not answer"


class Differs(NamedTuple):
    """A record that is not the stored event: what Kafka has, what the log has, and the fields that differ."""

    kafka: Recorded | None
    stored: Recorded | None
    position: int
    what: str


def consumer_of(bootstrap: str) -> AIOKafkaConsumer:
    """Make the consumer that a worker reads all its partitions with, one after another; it commits nothing."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        check_crcs=False,  # the hashes say more
        fetch_max_wait_ms=20,  # a fetch that waits for news holds up the next partition
    )


class TopicWalk:
    """Reads a partition beside the walk of its log. Records that come again after a crash are compared as well.

    It compares the events after `after`, up to `until`. `position` is the highest of them that came, `last` the highest
    of all, `beyond` the first event beyond `until`; `differing` are up to 64 records that differ, of `differ_count`.
    `late` are records that came again and wait for their rows.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topic: str,
        log: str,
        part: int,
        *,
        after: int,
        until: int,
        relayed: int = 0,
    ) -> None:
        self.log, self.part, self.after, self.until, self.relayed = log, part, after, until, relayed
        self.position = after
        self.records = self.repeated = self.differ_count = 0
        self.differing: list[Differs] = []
        self.gaps: list[tuple[int, int]] = []
        self.last = 0
        self.beyond: Recorded | None = None
        self._consumer = consumer
        self._partition = TopicPartition(topic, part)
        self.late: list[tuple[int, ConsumerRecord]] = []
        self._waiting: list[tuple[int, ConsumerRecord]] = []
        self._offset = self._end = 0

    async def open(self) -> None:
        """Stand at the beginning, and learn where the end is now."""
        self._consumer.assign([self._partition])
        ends = await self._consumer.end_offsets([self._partition])
        begins = await self._consumer.beginning_offsets([self._partition])
        self._offset, self._end = begins[self._partition], ends[self._partition]
        self._consumer.seek(self._partition, self._offset)

    async def compare(self, rows: Sequence[Row]) -> None:
        """Compare the records up to the last of these rows, which come in the order of positions."""
        stored = {row[0]: row for row in rows}
        last = rows[-1][0]
        async for position, record in self._upto(last):
            self._one(position, record, stored.get(position))

    async def finish(self) -> None:
        """Read what is left: nothing, unless the topic has what the log does not."""
        async for position, record in self._upto(None):
            self._one(position, record, None)

    def again(self, rows: Sequence[Row]) -> None:
        """Compare the records in `late`, which came again after the rows of their positions had gone by."""
        stored = {row[0]: row for row in rows}
        for position, record in self.late:
            self._same(position, record, stored.get(position))
        self.late.clear()

    def _one(self, position: int, record: ConsumerRecord, row: Row | None) -> None:
        self.records += 1
        self.last = max(self.last, position)
        if position == self.until + 1 and self.beyond is None:
            self.beyond = _read(record)
        if position <= self.after or position > self.until:
            return
        if position <= self.position:
            self.repeated += 1
            if row is None:
                self.late.append((position, record))
                return
        elif position > self.position + 1:
            self.gaps.append((self.position + 1, position - 1))
        self.position = max(self.position, position)
        self._same(position, record, row)

    def _same(self, position: int, record: ConsumerRecord, row: Row | None) -> None:
        event = None if row is None else recorded(self.log, self.part, row)
        if event is not None:
            wire = encode(event)
            if record.value == wire.value and record.key == wire.key and record.headers == tuple(wire.headers):
                return
        self._differs(position, record, event)

    def _differs(self, position: int, record: ConsumerRecord, event: Recorded | None) -> None:
        kafka: Recorded | None = None
        try:
            kafka = decode_record(record.headers, record.value or b"")
        except MalformedInput as error:
            what = f"the record at offset {record.offset} cannot be read: {error.field or error.problem}"
        else:
            if event is not None and not (fields := differing(kafka, event)) and record.key == encode(event).key:
                return
            if event is None:
                what = f"the record at offset {record.offset} is of position {position}, where the log has no event"
            else:
                what = told(kafka, event, fields) or "the record's key is not the stream's id"
        self.differ_count += 1
        if len(self.differing) < KEPT:
            self.differing.append(Differs(kafka, event, position, what))

    async def _upto(self, last: int | None) -> Any:
        """Give records in their order, with the position that they say they have, until one is beyond `last`."""
        while True:
            if not self._waiting:
                self._waiting = await self._poll()
                self._waiting.reverse()
                if not self._waiting:
                    return
            position, record = self._waiting[-1]
            if last is not None and position > last:
                return
            self._waiting.pop()
            yield position, record

    async def _poll(self) -> list[tuple[int, ConsumerRecord]]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while self._offset < self._end:
            polled: Mapping[TopicPartition, list[ConsumerRecord]] = await self._consumer.getmany(
                self._partition, timeout_ms=500, max_records=BATCH
            )
            records = [record for record in polled.get(self._partition, ()) if record.offset < self._end]
            if records:
                self._offset = records[-1].offset + 1
                return [(_position(record, self.position), record) for record in records]
            here = await self._consumer.position(self._partition)
            if here > self._offset:  # the end is a marker that is no record
                self._offset = here
            elif loop.time() - begun > STALL_SECONDS:
                raise TopicSilent(f"{self._partition.topic} gives nothing for {STALL_SECONDS:.0f} s", fix="see its log")
        return []


def _read(record: ConsumerRecord) -> Recorded | None:
    try:
        return decode_record(record.headers, record.value or b"")
    except MalformedInput:
        return None


def _position(record: ConsumerRecord, before: int) -> int:
    """Give the position that a record names; one that names none stands for the next."""
    for name, value in record.headers:
        if name == "ce_position":
            return int(value) if value.isdigit() else before + 1
    return before + 1


def differing(kafka: Recorded, stored: Recorded) -> list[str]:
    """Name the fields in which a record is not the stored event."""
    return [name for name in FIELDS if getattr(kafka, name) != getattr(stored, name)]


def told(kafka: Recorded, stored: Recorded, fields: Sequence[str]) -> str:
    """Say in words what differs; bodies are not quoted."""
    said = []
    for name in fields:
        if name in ("body", "chain_hash"):
            said.append(f"{name} differs")
        else:
            said.append(f"{name} is {getattr(stored, name)} in the log and {getattr(kafka, name)} on the topic")
    return "; ".join(said)
