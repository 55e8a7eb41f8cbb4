"""The topic that witnesses the logs: checkpoints, statements about keys, cosignatures, each a signed note."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaTimeoutError

EVIDENCE = "evidence.checkpoints"
CHECKPOINT = "checkpoint"
STATEMENT = "statement"
COSIGNED = "cosigned"
FIRST_LOOK = 512
WAIT_MS = 500
STALL_SECONDS = 30


class Evidence(NamedTuple):
    """One record of the topic. `key` is an origin, or a log's name and `/keys`; `value` is the note.

    A checkpoint's headers: `number`, `chain` (hex), `old` (the size before), `proof` (hashes in a row: that it goes on
    from there), `signedat` (RFC 3339).
    """

    kind: str
    key: str
    value: bytes
    headers: Mapping[str, bytes]
    part: int
    offset: int = -1
    stored_at: datetime | None = None

    def number(self, name: str) -> int:
        """Give a header that is a number; 0 if there is none, or none that can be read."""
        text = self.headers.get(name, b"")
        return int(text) if text.isdigit() else 0


class EvidenceReader:
    """Reads the topic without a group: all of it, its end, and what is new."""

    def __init__(self, bootstrap: str, parts: int, topic: str = EVIDENCE) -> None:
        self._partitions = [TopicPartition(topic, part) for part in range(parts)]
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=20,  # a fetch that waits for news holds up the next partition
        )
        self._next: dict[TopicPartition, int] = {}

    async def __aenter__(self) -> "EvidenceReader":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Connect; KafkaError when the broker is away."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def everything(self) -> list[Evidence]:
        """Read the topic from its first record to its end as of now; `news` goes on from there."""
        self._next = dict(await self._consumer.beginning_offsets(self._partitions))
        return await self.news()

    async def look_back(self, part: int, upto: int | None, most: int = FIRST_LOOK) -> list[Evidence]:
        """Read a partition's last records before offset `upto`, its end if None, at most so many; in order."""
        partition = self._partitions[part]
        end = (await self._consumer.end_offsets([partition]))[partition] if upto is None else upto
        first = (await self._consumer.beginning_offsets([partition]))[partition]
        if end <= first:
            return []
        found = await self._read({partition: max(first, end - most)}, {partition: end})
        self._next[partition] = max(self._next.get(partition, 0), end)
        return found

    async def shrank(self) -> bool:
        """Tell whether the topic ends before what was read of it: it was made anew, or its end was cut off."""
        ends = await self._consumer.end_offsets(self._partitions)
        return any(end < self._next.get(partition, 0) for partition, end in ends.items())

    async def news(self) -> list[Evidence]:
        """Read what came since the last time, to the end as of now."""
        ends = await self._consumer.end_offsets(self._partitions)
        starts = {partition: min(self._next.get(partition, 0), end) for partition, end in ends.items()}
        found = await self._read(starts, ends)
        self._next = dict(ends)
        return found

    async def _read(self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> list[Evidence]:
        behind = [partition for partition, start in starts.items() if start < ends[partition]]
        if not behind:
            return []
        self._consumer.assign(behind)
        for partition in behind:
            self._consumer.seek(partition, starts[partition])
        found: list[Evidence] = []
        waiting = set(behind)
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while waiting:
            batches = await self._consumer.getmany(*waiting, timeout_ms=WAIT_MS)
            if batches:
                heard = loop.time()
            elif loop.time() - heard > STALL_SECONDS:
                raise KafkaTimeoutError(f"no record came for {STALL_SECONDS} s from {EVIDENCE}")
            for partition, records in batches.items():
                found += [_evidence(one) for one in records if one.offset < ends[partition]]
            waiting = {one for one in waiting if await self._consumer.position(one) < ends[one]}
        return found


async def send(producer: AIOKafkaProducer, records: Sequence[Evidence], topic: str = EVIDENCE) -> None:
    """Send records in order; returns when all are acknowledged."""
    waiting = [
        await producer.send(
            topic,
            value=one.value,
            key=one.key.encode(),
            partition=one.part,
            headers=[("kind", one.kind.encode()), *one.headers.items()],
        )
        for one in records
    ]
    for sent in waiting:
        await sent


def _evidence(record: ConsumerRecord) -> Evidence:
    headers: dict[str, bytes] = dict(record.headers)
    return Evidence(
        headers.pop("kind", b"").decode(errors="replace"),
        (record.key or b"").decode(errors="replace"),
        record.value or b"",
        headers,
        record.partition,
        record.offset,
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )
