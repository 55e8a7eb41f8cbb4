"""Figures of the audit: how many events a second are verified from four logs, with and without their topics."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from uuid import UUID

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer
from sqlalchemy import make_url

from bench.backends import PASSWORD, Backends
from bench.case_histories import PARTS, of_part
from bench.figure import Figure
from deploy.local.audit.run import AuditOrder, Report, verify
from deploy.local.databases import create_service_database
from deploy.topics import create_topics, every_topic
from services import approvals, followup, intake, triage
from shared.contracts.event import Recorded
from shared.eventstore.chain import genesis, header_hash
from shared.eventstore.checkpoints import Sealed, keep
from shared.eventstore.merkle import CompactRange, event_leaf
from shared.eventstore.migrate import migrate
from shared.eventstore.notes import Checkpoint, Note, SigningKey, VerifierKey, key_name, origin_of
from shared.messaging.codec import encode
from shared.messaging.topics import topic_of

LOGS = {"intake": intake, "triage": triage, "approvals": approvals, "followup": followup}
EVENTS_A_CASE = 22
BAR = 50_000
SIGNED_EVERY = 5_000
AT_ONCE = 5_000
COLUMNS = [name for name in Recorded._fields if name != "log"]
RELAYED = "INSERT INTO log_cursor (consumer, source, log_part, position) VALUES ('relay', $1, $2, $3)"


@dataclass
class Lane:
    """One log partition while it is made: the link and the tree so far, versions by stream, what waits to be copied."""

    log: str
    part: int
    key: SigningKey
    link: bytes = b""
    tree: CompactRange = field(default_factory=CompactRange)
    versions: dict[UUID, int] = field(default_factory=dict)
    waiting: list[Recorded] = field(default_factory=list)
    sealed: list[Sealed] = field(default_factory=list)

    def take(self, event: Recorded) -> None:
        """Chain an event as the append function does, and sign what is due."""
        version = self.versions[event.stream_id] = self.versions.get(event.stream_id, 0) + 1
        event = event._replace(version=version)
        head = header_hash(event)
        link = sha256((self.link or genesis(self.log, self.part)) + head + event.body_hash).digest()
        self.link = link
        self.tree.append(event_leaf(head, event.body_hash))
        self.waiting.append(event._replace(chain_hash=link))
        if self.tree.size % SIGNED_EVERY == 0:
            self.sign()

    def sign(self) -> None:
        """Make a checkpoint of the tree as it is."""
        point = Checkpoint(origin_of(self.log, self.part), self.tree.size, self.tree.root())
        note = Note(point.text, (self.key.sign(point.text),)).encode()
        number, edge = len(self.sealed) + 1, b"".join(self.tree.edge)
        at = datetime.now(UTC)
        self.sealed.append(Sealed(self.part, number, point.size, point.root, self.link, note, edge, 0, b"", at))


def verify_figures(backends: Backends, *, events: int) -> Iterator[Figure]:
    """Verify a history of so many events in four logs; bar: 50,000 a second on the two cores."""
    cases = events // EVENTS_A_CASE // PARTS
    dsns = {log: _made(backends, log) for log in LOGS}
    seeds = {log: secrets.token_bytes(32) for log in LOGS}
    asyncio.run(create_topics(backends.kafka, every_topic()))
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        list(pool.map(_fill, range(PARTS), [cases] * PARTS, [dsns] * PARTS, [seeds] * PARTS, [backends.kafka] * PARTS))
    for dsn in dsns.values():
        asyncio.run(_settle(dsn))
    public = [SigningKey(key_name(log), seed).verifier() for log, seed in seeds.items()]
    alone, beside = (uvloop.run(_verified(dsns, public, kafka)) for kafka in (None, backends.kafka))
    yield Figure(
        f"verify {alone.events:,} events",
        alone.events / alone.seconds,
        "events/s",
        f"≥ {BAR:,}",
        alone.events / alone.seconds >= BAR,
        {
            "events/s with every record of the topics compared": beside.events / beside.seconds,
            "s": alone.seconds,
            "s with the topics": beside.seconds,
            "checkpoints held against them": alone.judged.notes,
        },
    )


async def _verified(dsns: Mapping[str, str], keys: Sequence[VerifierKey], kafka: str | None) -> Report:
    # The witness topic is empty here: what is signed is in the databases.
    report = await verify(AuditOrder(dsns, kafka, keys, parts=PARTS), datetime.now(UTC), lambda _done, _all: None)
    assert report.findings.sorted() == [], report.findings.sorted()[0]
    return report


def _made(backends: Backends, log: str) -> str:
    name = f"bench_{log}_{secrets.token_hex(4)}"
    made = create_service_database(backends.admin_url, log, name, PASSWORD, PASSWORD)
    migrate(made.migration_database_url, LOGS[log])
    owner = make_url(made.migration_database_url).set(drivername="postgresql")
    return owner.render_as_string(hide_password=False)


async def _settle(dsn: str) -> None:
    raw = await asyncpg.connect(dsn)
    await raw.execute("VACUUM ANALYZE event")
    await raw.close()


def _fill(part: int, cases: int, dsns: Mapping[str, str], seeds: Mapping[str, bytes], kafka: str) -> None:
    uvloop.run(_filled(part, cases, dsns, seeds, kafka))


async def _filled(part: int, cases: int, dsns: Mapping[str, str], seeds: Mapping[str, bytes], kafka: str) -> None:
    raws = {log: await asyncpg.connect(dsn) for log, dsn in dsns.items()}
    lanes = {log: Lane(log, part, SigningKey(key_name(log), seeds[log])) for log in dsns}
    producer = AIOKafkaProducer(bootstrap_servers=kafka, linger_ms=20, max_batch_size=524_288)
    await producer.start()
    try:
        for event in of_part(part, cases):
            lane = lanes[event.log]
            lane.take(event)
            if len(lane.waiting) >= AT_ONCE:
                await _write(raws[event.log], producer, lane)
        for log, lane in lanes.items():
            lane.sign()
            await _write(raws[log], producer, lane)
            for sealed in lane.sealed:
                await keep(raws[log], sealed)
            await raws[log].execute(RELAYED, log, part, lane.tree.size)
    finally:
        await producer.stop()
        for raw in raws.values():
            await raw.close()


async def _write(raw: asyncpg.Connection, producer: AIOKafkaProducer, lane: Lane) -> None:
    rows = [[getattr(event, name) for name in COLUMNS] for event in lane.waiting]
    await raw.copy_records_to_table("event", columns=COLUMNS, records=rows)
    for event in lane.waiting:
        key, value, headers = encode(event)
        await producer.send(topic_of(lane.log), value=value, key=key, partition=lane.part, headers=headers)
    await producer.flush()
    lane.waiting.clear()
