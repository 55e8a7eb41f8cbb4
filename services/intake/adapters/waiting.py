"""What waits to be delivered: claims on the outbound table, and the facts and threads behind its rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.contracts.event import decode
from shared.contracts.intake import MessageSent
from shared.eventstore.draft import Provenance
from shared.eventstore.partition import log_part

# A claim moves the due time by the lease: a crash leaves the row to be claimed again, nobody else takes it meanwhile.
CLAIM = """
    UPDATE outbound o SET due = $2::timestamptz + $3::interval, attempts = attempts + 1
    FROM (SELECT message_id FROM outbound
          WHERE state = 'queued' AND channel = $1 AND due <= $2 AND ($5::uuid[] IS NULL OR conversation_id = ANY($5))
          ORDER BY due LIMIT $4 FOR UPDATE SKIP LOCKED) AS c
    WHERE o.message_id = c.message_id
    RETURNING o.message_id, o.conversation_id, o.case_id, o.version, o.attempts"""
LATER = "UPDATE outbound SET due = $2, problem = $3 WHERE message_id = $1"
FETCH = """
    SELECT o.message_id, o.conversation_id, o.case_id, o.version, o.attempts
    FROM outbound o JOIN message_index m USING (message_id)
    WHERE o.conversation_id = $1 AND (o.state = 'queued' OR $2::uuid IS NOT NULL)
      AND ($2 IS NULL OR (m.recorded_at, m.version) >
           (SELECT a.recorded_at, a.version FROM message_index a WHERE a.message_id = $2))
    ORDER BY m.recorded_at, m.version LIMIT $3"""
UP_TO = """
    SELECT o.message_id, o.conversation_id, o.case_id, o.version, o.attempts
    FROM outbound o JOIN message_index m USING (message_id)
    WHERE o.conversation_id = $1 AND o.state = 'queued' AND (m.recorded_at, m.version) <=
          (SELECT a.recorded_at, a.version FROM message_index a WHERE a.message_id = $2)
    ORDER BY m.recorded_at, m.version"""
OURS = "SELECT true FROM message_index WHERE message_id = $1 AND conversation_id = $2 AND NOT inbound"
BODIES = """
    SELECT e.type, e.body, e.event_id, e.correlation_id, e.traceparent, e.recorded_at
    FROM unnest($1::smallint[], $2::uuid[], $3::int[]) WITH ORDINALITY AS w(part, id, version, nth)
    JOIN event e ON e.log_part = w.part AND e.stream_id = w.id AND e.version = w.version ORDER BY w.nth"""
CODES = "SELECT case_id, code FROM tracking WHERE case_id = ANY($1::uuid[])"
REFS = """
    SELECT inbound, message_id, channel_message_id FROM message_index
    WHERE conversation_id = $1 AND message_id <> $2 ORDER BY recorded_at, version"""


class Waiting(NamedTuple):
    """One row that waits; `attempts` counts the one that its claim begins."""

    message_id: UUID
    conversation_id: UUID
    case_id: UUID
    version: int
    attempts: int


class Letter(NamedTuple):
    """A waiting message with its words, its case's code, and what its delivery is caused by."""

    waiting: Waiting
    sent: MessageSent
    code: str
    cause: Provenance


async def claim(
    raw: asyncpg.Connection,
    channel: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    conversations: Sequence[UUID] | None = None,
) -> list[Waiting]:
    """Claim what is due on a channel, if given only of some conversations; it is ours until the lease ends."""
    wanted = None if conversations is None else list(conversations)
    return [Waiting._make(row) for row in await raw.fetch(CLAIM, channel, now, lease, limit, wanted)]


async def put_off(raw: asyncpg.Connection, waiting: Waiting, due: datetime, problem: str) -> None:
    """Try again at `due`."""
    await raw.execute(LATER, waiting.message_id, due, problem)


async def to_fetch(raw: asyncpg.Connection, conversation_id: UUID, after: UUID | None, limit: int) -> list[Waiting]:
    """Give what a connector is to deliver: all after a message, or all that is not delivered yet."""
    return [Waiting._make(row) for row in await raw.fetch(FETCH, conversation_id, after, limit)]


async def up_to(raw: asyncpg.Connection, conversation_id: UUID, message_id: UUID) -> list[Waiting]:
    """Give what is not marked delivered yet, up to and including a message of the conversation."""
    return [Waiting._make(row) for row in await raw.fetch(UP_TO, conversation_id, message_id)]


async def is_ours(raw: asyncpg.Connection, conversation_id: UUID, message_id: UUID) -> bool:
    """Tell whether we sent this message in this conversation."""
    return bool(await raw.fetchval(OURS, message_id, conversation_id))


async def letters(raw: asyncpg.Connection, waiting: Sequence[Waiting], parts: int) -> list[Letter]:
    """Read the words of waiting messages from the log."""
    if not waiting:
        return []
    cases = [one.case_id for one in waiting]
    rows = await raw.fetch(BODIES, [log_part(case, parts) for case in cases], cases, [one.version for one in waiting])
    codes = {row["case_id"]: row["code"] for row in await raw.fetch(CODES, cases)}
    found: list[Letter] = []
    for one, row in zip(waiting, rows, strict=True):
        fact = decode(row["type"], row["body"])
        assert isinstance(fact, MessageSent)
        cause = Provenance(
            "system:intake",
            "outbox",
            row["correlation_id"],
            causation_id=row["event_id"],
            caused_at=row["recorded_at"],
            traceparent=row["traceparent"],
        )
        found.append(Letter(one, fact, codes.get(one.case_id, ""), cause))
    return found


async def refs_of(raw: asyncpg.Connection, waiting: Waiting, domain: str) -> dict[UUID, str]:
    """Give the Message-IDs of the conversation before this message, oldest first, theirs and ours, by message id."""
    rows = await raw.fetch(REFS, waiting.conversation_id, waiting.message_id)
    return {
        row["message_id"]: (row["channel_message_id"] or "") if row["inbound"] else f"{row['message_id']}@{domain}"
        for row in rows
    }
