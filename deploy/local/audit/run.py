"""Verifies the record: gathers what was signed, shares the log partitions out, and puts together what was found."""

import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy.local.audit.findings import Finding, Findings
from deploy.local.audit.header import COLUMNS, Row
from deploy.local.audit.judging import Law
from deploy.local.audit.judging.decisions import Delegated
from deploy.local.audit.part import PartJob, Span
from deploy.local.audit.signed import Judged, in_directory, judge, kept, trust, witnessed
from deploy.local.audit.walk import recorded
from deploy.local.audit.worker import share, verify_all
from deploy.local.errors import UsageError
from shared.contracts.approvals_delegations import DelegationEnded, DelegationGiven
from shared.eventstore.notes import VerifierKey
from shared.messaging.cursor import Place
from shared.messaging.evidence import EVIDENCE, EvidenceReader
from shared.messaging.topics import TOPICS

PATIENCE = timedelta(minutes=15)
HEADS = """
    SELECT p, (SELECT position FROM event WHERE log_part = p ORDER BY position DESC LIMIT 1)
    FROM generate_series(0, $1::int - 1) AS p"""
RELAYED = "SELECT log_part, position FROM log_cursor WHERE consumer = 'relay' AND source = $1"
DELEGATIONS = f"SELECT {COLUMNS}, log_part FROM event WHERE stream_kind = 'delegation' ORDER BY stream_id, version"
RECORDED = "SELECT recorded_at FROM event WHERE log_part = $1 AND position = $2"


@dataclass(frozen=True)
class Scope:
    """What of the record is verified: all of it, or one service's log, one log partition, a range of positions."""

    log: str | None = None
    part: int | None = None
    first: int = 1
    last: int | None = None

    @property
    def whole(self) -> bool:
        """Whether it is everything."""
        return self == Scope()

    def span(self, head: int, relayed: int) -> Span:
        """Give the span of a log partition that ends at `head`."""
        upto = head if self.last is None else min(self.last, head)
        return Span(upto, self.first - 1, min(relayed, upto))


@dataclass(frozen=True)
class AuditOrder:
    """What to verify and with what. `dsns` are the deciding services' databases, as libpq reads them.

    `kafka` is None to leave the topics out. `keys` are the public keys that are trusted; none are trusted for being
    found somewhere. `witness` is the topic of checkpoints, `directories` are where checkpoints were exported to.
    """

    dsns: Mapping[str, str] = field(repr=False)
    kafka: str | None
    keys: Sequence[VerifierKey]
    parts: int = 8
    scope: Scope = Scope()
    directories: Sequence[Path] = ()
    law: Law = field(default_factory=Law)
    topics: Mapping[str, str] = field(default_factory=lambda: TOPICS)
    witness: str = EVIDENCE
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)


@dataclass
class Report:
    """What was verified and what was found: events, records of the topics, checkpoints, seconds."""

    findings: Findings
    events: int = 0
    records: int = 0
    repeated: int = 0
    judged: Judged = field(default_factory=Judged)
    seconds: float = 0.0


async def verify(order: AuditOrder, now: datetime, progress: Callable[[int, int], None]) -> Report:
    """Verify as ordered; `progress` gets the number of events so far and of all. It writes nothing anywhere."""
    begun, findings = time.perf_counter(), Findings()
    async with _connected(order.dsns) as connections:
        spans, judged, law = await _gather(order, connections, findings)
        total = sum(span.head - span.after for span in spans.values())
        job = PartJob(order.dsns, order.kafka, order.parts, spans, judged.against, law, order.topics)
        done = await verify_all(share(job, order.processes), lambda events: progress(events, total))
        findings.merge(one.findings for one in done)
        await _not_signed(connections, spans, judged, now, findings)
    return Report(
        findings,
        total,
        sum(one.records for one in done),
        sum(one.repeated for one in done),
        judged,
        time.perf_counter() - begun,
    )


async def _gather(
    order: AuditOrder, connections: Mapping[str, asyncpg.Connection], findings: Findings
) -> tuple[dict[Place, Span], Judged, Law]:
    """Read what was signed before where the logs end, so that live traffic puts nothing beyond them."""
    async with AsyncExitStack() as stack:
        reader = None
        evidence = []
        if order.kafka is not None:
            reader = await stack.enter_async_context(EvidenceReader(order.kafka, order.parts, order.witness))
            evidence = await reader.everything()
        own = {log: await kept(raw, log) for log, raw in connections.items()}
        if reader is not None:
            evidence += await reader.news()
    found, statements = witnessed(evidence)
    for one in own.values():
        found += one.checkpoints
        statements += one.statements
    for directory in order.directories:
        found += in_directory(directory)
    heads = {place: head for log, raw in connections.items() for place, head in (await _heads(raw, log, order)).items()}
    spans = {place: await _span(connections, order, place, head) for place, head in heads.items()}
    book = trust(order.keys, statements, findings)
    judged = judge(found, book, heads, findings, from_topic=order.kafka is not None)
    delegations = await _delegations(connections["approvals"]) if "approvals" in connections else {}
    return spans, judged, replace(order.law, delegations=delegations)


async def _heads(raw: asyncpg.Connection, log: str, order: AuditOrder) -> dict[Place, int]:
    scope, rows = order.scope, await raw.fetch(HEADS, order.parts)
    if scope.log not in (None, log):
        return {}
    return {(log, part): head or 0 for part, head in rows if scope.part in (None, part)}


async def _span(connections: Mapping[str, asyncpg.Connection], order: AuditOrder, place: Place, head: int) -> Span:
    log, part = place
    if order.scope.first > head + 1:
        raise UsageError(f"--from: {log} partition {part} ends at {head}", "Name a position up to that.")
    relayed = {row[0]: row[1] for row in await connections[log].fetch(RELAYED, log)}
    return order.scope.span(head, relayed.get(part, 0))


async def _delegations(raw: asyncpg.Connection) -> dict[UUID, Delegated]:
    """Read who let whom decide, and until when: delegations are in other log partitions than what is decided."""
    found: dict[UUID, Delegated] = {}
    for row in await raw.fetch(DELEGATIONS):
        event = recorded("approvals", row[-1], Row._make(row[:-1]))
        match event.fact:
            case DelegationGiven() as given:
                found[given.delegation_id] = Delegated(given, event.recorded_at)
            case DelegationEnded(delegation_id=ended) if ended in found:
                found[ended] = replace(found[ended], ended_at=event.recorded_at)
            case _:
                pass
    return found


async def _not_signed(
    connections: Mapping[str, asyncpg.Connection],
    spans: Mapping[Place, Span],
    judged: Judged,
    now: datetime,
    findings: Findings,
) -> None:
    """Name log partitions with events that no checkpoint covers though there was time; note those that wait."""
    for (log, part), span in spans.items():
        signed = max(judged.against[log, part].sizes, default=0)
        if signed >= span.head:
            continue
        at = await connections[log].fetchval(RECORDED, part, signed + 1)
        if at is not None and at < now - PATIENCE:
            what = f"no checkpoint covers the events from here on, of which the first was recorded at {at:%F %T} UTC"
            findings.add(Finding("not_signed", what, log, part, signed + 1))
        else:
            findings.note("events are not signed yet, and wait for the next checkpoint", span.head - signed)


@asynccontextmanager
async def _connected(dsns: Mapping[str, str]) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    async with AsyncExitStack() as stack:
        connections = {}
        for log, dsn in dsns.items():
            connections[log] = await asyncpg.connect(dsn)
            stack.push_async_callback(connections[log].close)
        yield connections
