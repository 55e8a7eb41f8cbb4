"""Four logs with whole cases, relayed, sealed and witnessed: what an attacker with every right then sets about."""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

import asyncpg
import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.case_histories import of_part
from deploy.local.audit.findings import Finding
from deploy.local.audit.run import AuditOrder, Report, verify
from deploy.local.databases import ServiceDatabase, with_database
from deploy.topics import Topic, create_topics
from shared.contracts.event import Recorded
from shared.eventstore.chain import genesis, header_hash
from shared.eventstore.database import Database
from shared.eventstore.draft import CommandId, Draft, Provenance
from shared.eventstore.log_keys import KeyRing, new_key
from shared.eventstore.migrate import migrate
from shared.eventstore.notes import VerifierKey
from shared.eventstore.store import Store
from shared.messaging.codec import Wire, encode
from shared.messaging.evidence import EVIDENCE, Evidence, EvidenceReader, send
from shared.runtime.clock import new_id
from shared.runtime.sealer import Sealer

LOGS = ("intake", "triage", "approvals", "followup")
PARTS = 8
CASES = 3  # of each log partition
EARLY = 12  # of 22 events of each case are recorded before the first checkpoint
LOG_TOPIC = {"cleanup.policy": "delete", "retention.ms": "-1"}
RELAY = "INSERT INTO log_cursor (consumer, source, log_part, position) VALUES ('relay', $1, $2, $3)"


@dataclass(frozen=True)
class Scene:
    """Where the logs are, the topics they were published to, and the keys that an auditor was given."""

    admin_url: str
    kafka: str
    databases: Mapping[str, ServiceDatabase]
    rings: Mapping[str, KeyRing]
    topics: Mapping[str, str]
    keys: Sequence[VerifierKey]
    witness: str = EVIDENCE
    backups: Mapping[str, str] = field(default_factory=dict)

    def dsn(self, log: str) -> str:
        """The superuser's address of a log's database."""
        return with_database(self.admin_url, self.databases[log].name)

    def copy(self, *logs: str) -> "Scene":
        """Give a scene whose databases of these logs are copies, for an attack that nobody else sees."""
        copied = dict(self.databases)
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            for log in logs:
                name = f"{self.databases[log].name}_{token_hex(3)}"
                admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.databases[log].name}"'.encode())
                copied[log] = replace(self.databases[log], name=name)
        return replace(self, databases=copied)

    def restore(self, *logs: str) -> "Scene":
        """Give a scene whose databases of these logs are those of the backup."""
        old = {log: replace(self.databases[log], name=self.backups[log]) for log in logs}
        return replace(self, databases={**self.databases, **old}).copy(*logs)

    def drop(self, before: "Scene") -> None:
        """Drop what `copy` made."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            for log, database in self.databases.items():
                if database != before.databases[log]:
                    admin.execute(f'DROP DATABASE "{database.name}" WITH (FORCE)'.encode())

    def attack(self, log: str, sql: str, *values: object) -> None:
        """Run SQL as a superuser without triggers, foreign keys and other guards."""
        with psycopg.connect(self.dsn(log)) as raw:
            raw.execute("SET session_replication_role = replica")
            raw.execute(sql.encode(), values)

    async def audit(self, *, now: datetime | None = None, **changes: Any) -> Report:
        """Verify everything, or what `changes` to the order say."""
        order = AuditOrder(
            dsns={log: self.dsn(log) for log in LOGS},
            kafka=self.kafka,
            keys=self.keys,
            topics=self.topics,
            witness=self.witness,
            processes=2,
        )
        return await verify(replace(order, **changes), now or datetime.now(UTC), lambda _done, _total: None)

    async def finds(self, **changes: Any) -> list[Finding]:
        """Give what an audit finds."""
        return (await self.audit(**changes)).findings.sorted()

    async def events(self, log: str, part: int) -> list[Recorded]:
        """Give a log partition as it is stored."""
        raw = await asyncpg.connect(self.dsn(log))
        try:
            return await Store(log, PARTS).read(raw, part, 0, 10_000)
        finally:
            await raw.close()

    async def rewrite(self, log: str, part: int, at: int) -> None:
        """Change a body and recompute every hash from there on, as anybody can who has no key."""
        link = genesis(log, part)
        put = "UPDATE event SET body = %s, body_hash = %s, chain_hash = %s WHERE log_part = %s AND position = %s"
        for event in await self.events(log, part):
            body = event.body.replace(b'"channel":', b'"eve":') if event.position == at else event.body
            content = sha256(body).digest()
            link = sha256(link + header_hash(event) + content).digest()
            self.attack(log, put, body, content, link, part, event.position)

    async def republish(self, log: str, parts: Mapping[int, Iterable[Wire]]) -> "Scene":
        """Give a scene where a log's topic was made anew, with these records in these partitions, others as before."""
        records = {part: await self.records(log, part) for part in range(PARTS)}
        name = f"{log}.{token_hex(4)}"
        await create_topics(self.kafka, [Topic(name, PARTS, LOG_TOPIC)])
        await publish(self.kafka, name, {**records, **{part: list(wires) for part, wires in parts.items()}})
        return replace(self, topics={**self.topics, log: name})

    async def records(self, log: str, part: int) -> list[Wire]:
        """Give the records of a partition of a log's topic."""
        partition = TopicPartition(self.topics[log], part)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            end, found = (await consumer.end_offsets([partition]))[partition], list[Wire]()
            while len(found) < end:
                for records in (await consumer.getmany(partition, timeout_ms=1000)).values():
                    found += [Wire(record.key, record.value, list(record.headers)) for record in records]
            return found
        finally:
            await consumer.stop()

    async def witnessed(self) -> list[Evidence]:
        """Give what is on the witness topic."""
        async with EvidenceReader(self.kafka, PARTS, self.witness) as reader:
            return await reader.everything()

    async def witness_anew(self, evidence: Sequence[Evidence]) -> "Scene":
        """Give a scene whose witness topic was made anew with these records."""
        name = f"{EVIDENCE}.{token_hex(4)}"
        await create_topics(self.kafka, [Topic(name, PARTS, LOG_TOPIC)])
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka)
        await producer.start()
        try:
            await send(producer, evidence, name)
        finally:
            await producer.stop()
        return replace(self, witness=name)

    async def seal(self, log: str, place: Path) -> None:
        """Have a log's sealer sign what is new."""
        (key_file := place / f"{log}.key").write_text(self.rings[log].encode())
        database = Database(self.databases[log].database_url)
        sealer = Sealer(database, Store(log, PARTS), self.kafka, key_file, 60.0)
        try:
            await sealer.seal()
        finally:
            await sealer.close()
            await database.close()


async def publish(kafka: str, topic: str, parts: Mapping[int, Sequence[Wire]]) -> None:
    """Send records to partitions of a topic, in order."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for part, wires in parts.items():
            for key, value, headers in wires:
                await producer.send(topic, value=value, key=key, partition=part, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()


async def make_scene(admin_url: str, kafka: str, make: Callable[[str], ServiceDatabase], place: Path) -> Scene:
    """Record whole cases in all logs, publish them, and have them signed twice: before the end, and at it."""
    databases = {log: make(log) for log in LOGS}
    for log, made in databases.items():
        migrate(made.migration_database_url, importlib.import_module(f"services.{log}"))
    rings = {log: KeyRing(new_key(log)) for log in LOGS}
    topics = {log: f"{log}.{token_hex(4)}" for log in LOGS}
    witness = [Topic(EVIDENCE, PARTS, LOG_TOPIC)]
    await create_topics(kafka, [*witness, *(Topic(name, PARTS, LOG_TOPIC) for name in topics.values())])
    keys = [ring.current.verifier() for ring in rings.values()]
    scene = Scene(admin_url, kafka, databases, rings, topics, keys)
    lanes = [list(of_part(part, CASES)) for part in range(PARTS)]
    halves = [[lane[: EARLY * CASES] for lane in lanes], [lane[EARLY * CASES :] for lane in lanes]]
    known: dict[object, Recorded] = {}
    versions: dict[tuple[str, object], int] = {}
    for half in halves:
        for lane in half:
            await _record(scene, lane, known, versions)
        for log in LOGS:
            await scene.seal(log, place)
        if not scene.backups:
            copied = scene.copy(*LOGS).databases
            scene = replace(scene, backups={log: database.name for log, database in copied.items()})
    for log in LOGS:
        await _relay(scene, log)
    return scene


async def _record(
    scene: Scene, lane: Sequence[Recorded], known: dict[object, Recorded], versions: dict[tuple[str, object], int]
) -> None:
    raws = {log: await asyncpg.connect(scene.dsn(log)) for log in LOGS}
    try:
        for event in lane:
            fact, cause = event.fact, known.get(event.stream_id)
            assert fact is not None
            decided = event.type == "approvals.approval_given.v1"
            command = CommandId(new_id(), b"c" * 32) if decided else None
            by = Provenance(
                event.actor,
                event.via,
                event.correlation_id,
                command_id=command.command_id if command else None,
                causation_id=cause.event_id if cause else None,
                caused_at=cause.recorded_at if cause else None,
                traceparent=event.traceparent,
                received_at=event.received_at,
            )
            version = versions[event.log, event.stream_id] = versions.get((event.log, event.stream_id), 0) + 1
            draft = Draft(new_id(), fact, version, by)
            [known[event.stream_id]] = await Store(event.log, PARTS).append(raws[event.log], [draft], command=command)
    finally:
        for raw in raws.values():
            await raw.close()


async def _relay(scene: Scene, log: str) -> None:
    lanes = {part: await scene.events(log, part) for part in range(PARTS)}
    await publish(scene.kafka, scene.topics[log], {part: [encode(one) for one in lane] for part, lane in lanes.items()})
    raw = await asyncpg.connect(scene.dsn(log))
    try:
        await raw.executemany(RELAY, [(log, part, len(lane)) for part, lane in lanes.items()])
    finally:
        await raw.close()
