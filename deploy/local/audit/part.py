"""Verifies one log partition over all services: stored bytes, tree, topic, causes, commands, decisions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer

from deploy.local.audit.causes import Effect, Ids
from deploy.local.audit.commands import flaws
from deploy.local.audit.evidence import Against, weigh
from deploy.local.audit.findings import Finding, Findings
from deploy.local.audit.header import COLUMNS, microseconds
from deploy.local.audit.judging import Bench, Law
from deploy.local.audit.topic import TopicWalk
from deploy.local.audit.walk import Walk
from shared.messaging.cursor import Place
from shared.messaging.topics import TOPICS

PAGE = 4000
READ = f"""
    SELECT {COLUMNS} FROM event
    WHERE log_part = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT {PAGE}"""
AGAIN = f"SELECT {COLUMNS} FROM event WHERE log_part = $1 AND position = ANY($2::bigint[])"
BEFORE = "SELECT chain_hash FROM event WHERE log_part = $1 AND position = $2"
STRAY = """
    SELECT log_part, position, event_id FROM event WHERE (log_part = $1 AND position < 1)
    UNION ALL (SELECT log_part, position, event_id FROM event WHERE log_part < 0 OR log_part >= $2 LIMIT 10)"""
CAUSES = "SELECT event_id, recorded_at FROM event WHERE event_id = ANY($1::uuid[])"


@dataclass(frozen=True)
class Span:
    """What of a log partition is verified: the events after `after`, up to `head`; `whole` is from the first one on."""

    head: int
    after: int = 0
    relayed: int = 0

    @property
    def whole(self) -> bool:
        """Whether it begins with the first event."""
        return self.after == 0


@dataclass(frozen=True)
class PartJob:
    """What one worker is to verify: `dsns` by service, `spans` by place, and the checkpoints to hold them against."""

    dsns: Mapping[str, str] = field(repr=False)
    kafka: str | None
    parts: int
    spans: Mapping[Place, Span]
    against: Mapping[Place, Against]
    law: Law = field(default_factory=Law)
    topics: Mapping[str, str] = field(default_factory=lambda: TOPICS)


@dataclass
class Verified:
    """What a worker found, and how many records of Kafka it compared; `repeated` of them came again after a crash."""

    findings: Findings
    records: int = 0
    repeated: int = 0


class PartCheck:
    """Verifies places of a job, all services' of a log partition together, since causes and grounds cross over."""

    def __init__(
        self,
        job: PartJob,
        connections: Mapping[str, asyncpg.Connection],
        consumer: AIOKafkaConsumer | None,
        tell: Callable[[int], None],
    ) -> None:
        self.findings = Findings()
        self.records = self.repeated = 0
        self._job = job
        self._connections = connections
        self._consumer = consumer
        self._tell = tell

    async def verify(self, part: int) -> None:
        """Verify a log partition over all services that the job names."""
        every = all((log, part) in self._job.spans for log in self._connections)
        ids, bench = Ids(), Bench(self.findings, self._job.law, promises=every)
        whole = True
        for log in self._connections:
            span = self._job.spans.get((log, part))
            if span is not None:
                await self._log(log, part, span, ids, bench)
                whole = whole and span.whole
        if whole:
            for event_id in ids.twice():
                what = f"more than one event has the id {event_id}"
                self.findings.add(Finding("event_id_twice", what, part=part, event_id=event_id))
        await self._causes(part, ids)

    async def _log(self, log: str, part: int, span: Span, ids: Ids, bench: Bench) -> None:
        raw, against = self._connections[log], self._job.against.get((log, part), Against())
        before = None if span.whole else await raw.fetchval(BEFORE, part, span.after)
        walk = Walk(
            log,
            part,
            self._job.parts,
            sizes=against.sizes,
            judges=bench.of(log) if span.whole else None,
            after=span.after,
            link=before,
            findings=self.findings,
        )
        topic = None
        if self._consumer is not None:
            name = self._job.topics[log]
            topic = TopicWalk(self._consumer, name, log, part, after=span.after, until=span.head, relayed=span.relayed)
            await topic.open()
        while rows := await raw.fetch(READ, part, walk.position, span.head):
            walk.page(rows)
            ids.page(log, rows)
            if topic is not None:
                await topic.compare(rows)
                await self._late(raw, part, topic)
            self._tell(len(rows))
        if topic is not None:
            await topic.finish()
            await self._late(raw, part, topic)
            self.records += topic.records
            self.repeated += topic.repeated
        head = await raw.fetchval("SELECT max(position) FROM event WHERE log_part = $1", part) or 0
        weigh(walk, topic, against, span.after, head, self.findings)
        await self._table(raw, log, part, span)

    async def _late(self, raw: asyncpg.Connection, part: int, topic: TopicWalk) -> None:
        """Fetch the rows of records that came again long after the first time."""
        if topic.late:
            topic.again(await raw.fetch(AGAIN, part, list({position for position, _ in topic.late})))

    async def _table(self, raw: asyncpg.Connection, log: str, part: int, span: Span) -> None:
        """Look for rows that no walk comes to, and at the table of commands."""
        for row in await raw.fetch(STRAY, part, self._job.parts):
            what = f"an event stands at position {row['position']} of partition {row['log_part']}"
            place = (log, row["log_part"], row["position"], row["event_id"])
            self.findings.add(Finding("event_inserted", what, *place))
        async for flaw in flaws(raw, part, span.head):
            if flaw.position > span.after:
                self.findings.add(Finding(flaw.name, flaw.what, log, part, flaw.position))

    async def _causes(self, part: int, ids: Ids) -> None:
        """Look the causes up that are in other partitions, and name those that are nowhere."""
        missing, early = ids.unresolved()
        for effect in early:
            self._early(part, effect)
        for first in range(0, len(missing), PAGE):
            some = missing[first : first + PAGE]
            found = await self._look_up(some)
            for effect in some:
                if effect.cause not in found:
                    what = f"its cause, event {effect.cause}, is in no log"
                    self.findings.add(Finding("cause_missing", what, effect.log, part, effect.position))
                elif found[effect.cause] >= effect.recorded_at:
                    self._early(part, effect)

    def _early(self, part: int, effect: Effect) -> None:
        what = f"it is recorded no later than its cause, event {effect.cause}"
        self.findings.add(Finding("before_its_cause", what, effect.log, part, effect.position))

    async def _look_up(self, effects: Sequence[Effect]) -> dict[Any, int]:
        wanted = list({effect.cause for effect in effects})
        found: dict[Any, int] = {}
        for raw in self._connections.values():
            found |= {row["event_id"]: microseconds(row["recorded_at"]) for row in await raw.fetch(CAUSES, wanted)}
        return found
