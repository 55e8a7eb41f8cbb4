"""The Kafka broker of a service: acknowledgement policy, decoding and topics are set here, once."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from faststream import AckPolicy, NoCast
from faststream.kafka import KafkaBroker, KafkaRouter
from faststream.kafka.message import KafkaMessage
from faststream.message import StreamMessage

from shared.contracts.event import Recorded
from shared.kernel.errors import MalformedInput
from shared.messaging.charter import Charter
from shared.messaging.codec import decode
from shared.messaging.topics import topic_of

Events = NoCast[list[Recorded]]
Take = TypeVar("Take", bound=Callable[..., Awaitable[None]])
POLLED_AT_ONCE = 500
WAIT_MS = 20
MOST_COPIES = 3
log = logging.getLogger("recourse.messaging")


def make_router() -> KafkaRouter:
    """Make the router that subscribers are declared on.

    The policy belongs here: one set on the broker does not reach subscribers of an included router. NACK_ON_ERROR
    commits offsets after the handler returned and reads again when it raised; poison never raises, it is parked.
    """
    return KafkaRouter(ack_policy=AckPolicy.NACK_ON_ERROR, parser=_parse, decoder=_decode)


def make_broker(bootstrap: str, router: KafkaRouter) -> KafkaBroker:
    """Make the broker of a service with its router."""
    broker = KafkaBroker(bootstrap, logger=None, graceful_timeout=10)
    broker.include_router(router)
    return broker


def subscribe(router: KafkaRouter, charter: Charter) -> Callable[[Take], Take]:
    """Subscribe a function to all that a charter listens to, in polled batches, from the first event on."""
    decorate = router.subscriber(
        *topics_of(charter),
        group_id=charter.owner,
        batch=True,
        max_records=POLLED_AT_ONCE,
        batch_timeout_ms=WAIT_MS,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )

    def register(take: Take) -> Take:
        decorate(take)
        return take

    return register


def topics_of(charter: Charter) -> tuple[str, ...]:
    """Give the topics that a charter listens to."""
    return tuple(topic_of(owner) for owner in charter.listens)


async def _parse(records: Any, parse: Callable[[Any], Awaitable[StreamMessage[Any]]]) -> StreamMessage[Any]:
    """Parse a polled batch; a stranger's header that is no text must not stop the consumer, so it is made readable."""
    try:
        return await parse(records)
    except UnicodeDecodeError:
        return await parse(tuple(replace(record, headers=_readable(record.headers)) for record in records))


def _readable(headers: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value.decode(errors="replace").encode()) for name, value in headers)


async def _decode(message: StreamMessage[Any]) -> list[Recorded]:
    """Read every record of a polled batch; one without our headers is nobody's fact, and a gap check misses none."""
    assert isinstance(message, KafkaMessage)
    raw = message.raw_message
    records = raw if isinstance(raw, tuple) else (raw,)
    events: list[Recorded] = []
    for headers, record in zip(message.batch_headers, records, strict=True):
        try:
            events.append(decode(headers, record.value or b""))
        except MalformedInput as error:
            place = f"{record.topic}/{record.partition}@{record.offset}"
            log.warning("a record that is no fact of ours was passed over: %s: %s", place, error)
    return events


async def ensure_topics(bootstrap: str, names: Iterable[str], parts: int) -> None:
    """Create missing topics, kept for ever; raises MalformedInput when one has another number of partitions."""
    wanted: Sequence[str] = list(names)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [name for name in wanted if name not in existing]
        if missing:
            forever = {"retention.ms": "-1", "cleanup.policy": "delete"}
            copies = min(MOST_COPIES, len((await admin.describe_cluster())["brokers"]))
            answer = await admin.create_topics([NewTopic(n, parts, copies, topic_configs=forever) for n in missing])
            for name, code, *_ in answer.topic_errors:
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise for_code(code)(f"topic {name} cannot be created")
        for topic in await admin.describe_topics([name for name in wanted if name not in missing]):
            count = len(topic["partitions"])
            if count != parts:
                raise MalformedInput(
                    f"has {count} partitions, the logs have {parts}",
                    field=str(topic["topic"]),
                    fix="the number is fixed at birth: set LOG_PARTS to it, or start with new topics",
                )
    finally:
        await admin.close()
