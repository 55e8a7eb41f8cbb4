"""A topic beside its log: what comes again after a crash is compared as well, however late."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from deploy.local.audit.topic import TopicWalk
from shared.contracts.event import Recorded
from shared.messaging.codec import encode
from tests.support.attacked import LOG, PART, history, rows

EVENTS = history(12)
TOPIC = "approvals.events"


class Broker:
    """A consumer that gives these events' records, a few at a time."""

    def __init__(self, events: Sequence[Recorded]) -> None:
        self.records = [_record(event, offset) for offset, event in enumerate(events)]
        self.at = 0

    def assign(self, _partitions: Sequence[TopicPartition]) -> None:
        return None

    def seek(self, _partition: TopicPartition, offset: int) -> None:
        self.at = offset

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(partitions, len(self.records))

    async def getmany(self, partition: TopicPartition, **_: int) -> Mapping[TopicPartition, Sequence[Any]]:
        given, self.at = self.records[self.at : self.at + 3], min(self.at + 3, len(self.records))
        return {partition: given}


def _record(event: Recorded, offset: int) -> Any:
    key, value, headers = encode(event)
    return ConsumerRecord(TOPIC, PART, offset, 0, 0, key, value, None, len(key), len(value), tuple(headers))


async def walked(events: Sequence[Recorded], stored: Sequence[Recorded] = EVENTS, page: int = 4) -> TopicWalk:
    topic = TopicWalk(cast(AIOKafkaConsumer, Broker(events)), TOPIC, LOG, PART, after=0, until=len(stored), relayed=12)
    await topic.open()
    known = rows(stored)
    for first in range(0, len(known), page):
        await topic.compare(known[first : first + page])
        topic.again([row for row in known if row.position in {position for position, _ in topic.late}])
    await topic.finish()
    topic.again([row for row in known if row.position in {position for position, _ in topic.late}])
    return topic


def differing(topic: TopicWalk) -> list[int]:
    return [one.position for one in topic.differing]


async def test_a_topic_that_is_the_log_has_nothing_to_tell() -> None:
    topic = await walked(EVENTS)
    assert (topic.records, topic.position, topic.repeated, topic.gaps, differing(topic)) == (12, 12, 0, [], [])


async def test_what_came_again_is_no_finding_however_late() -> None:
    topic = await walked([*EVENTS, *EVENTS[2:5]])
    assert (topic.repeated, differing(topic)) == (3, [])


async def test_what_came_again_as_another_is_found_however_late() -> None:
    topic = await walked([*EVENTS, EVENTS[2]._replace(actor="eve")])
    assert differing(topic) == [3]
    assert "actor is test in the log and eve on the topic" in topic.differing[0].what
    early = await walked([*EVENTS[:9], EVENTS[2]._replace(body=b"{}"), *EVENTS[9:]])
    assert differing(early) == [3]


async def test_a_gap_an_end_and_what_is_beyond_it_are_told() -> None:
    topic = await walked([*EVENTS[:4], *EVENTS[6:]])
    assert topic.gaps == [(5, 6)]
    assert (await walked(EVENTS[:9])).position == 9
    beyond = await walked(EVENTS, EVENTS[:10])
    assert (beyond.last, beyond.beyond and beyond.beyond.position, differing(beyond)) == (12, 11, [])
