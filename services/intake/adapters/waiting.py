"""What waits to be delivered: claims on the outbound table, and the facts and threads behind its rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.contracts.intake import MessageReceived, MessageSent
from shared.eventstore.draft import Provenance
from shared.eventstore.seal import ERASED
from shared.eventstore.store import Store

# A claim moves the due time by the lease: a crash leaves the row to be claimed again, nobody else takes it meanwhile.
CLAIM = """
    UPDATE outbound o SET due = $2::timestamptz + $3::interval, attempts = attempts + 1
    FROM (SELECT message_id FROM outbound
          WHERE state = 'queued' AND channel = $1 AND due <= $2 AND ($5::uuid[] IS NULL OR conversation_id = ANY($5))
          ORDER BY due LIMIT $4 FOR UPDATE SKIP LOCKED) AS c
    WHERE o.message_id = c.message_id
    RETURNING o.message_id, o.conversation_id, o.case_id, o.version, o.attempts"""
LATER = "UPDATE outbound SET due = $2 WHERE message_id = $1"
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
CODES = "SELECT case_id, code FROM tracking WHERE case_id = ANY($1::uuid[])"
REFS = """
    SELECT inbound, message_id, case_id FROM message_index
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


async def put_off(raw: asyncpg.Connection, waiting: Waiting, due: datetime) -> None:
    """Try again at `due`."""
    await raw.execute(LATER, waiting.message_id, due)


async def to_fetch(raw: asyncpg.Connection, conversation_id: UUID, after: UUID | None, limit: int) -> list[Waiting]:
    """Give what a connector is to deliver: all after a message, or all that is not delivered yet."""
    return [Waiting._make(row) for row in await raw.fetch(FETCH, conversation_id, after, limit)]


async def up_to(raw: asyncpg.Connection, conversation_id: UUID, message_id: UUID) -> list[Waiting]:
    """Give what is not marked delivered yet, up to and including a message of the conversation."""
    return [Waiting._make(row) for row in await raw.fetch(UP_TO, conversation_id, message_id)]


async def is_ours(raw: asyncpg.Connection, conversation_id: UUID, message_id: UUID) -> bool:
    """Tell whether we sent this message in this conversation."""
    return bool(await raw.fetchval(OURS, message_id, conversation_id))


async def letters(raw: asyncpg.Connection, waiting: Sequence[Waiting], store: Store) -> list[Letter]:
    """Read the words of waiting messages from the log."""
    if not waiting:
        return []
    before: dict[UUID, int] = {}
    for one in waiting:
        before[one.case_id] = min(one.version - 1, before.get(one.case_id, one.version))
    streams = await store.load(raw, before)
    codes = {row["case_id"]: row["code"] for row in await raw.fetch(CODES, list(before))}
    found: list[Letter] = []
    for one in waiting:
        event = streams[one.case_id][one.version - before[one.case_id] - 1]
        fact = event.fact
        assert isinstance(fact, MessageSent)
        cause = Provenance(
            "system:intake",
            "outbox",
            event.correlation_id,
            causation_id=event.event_id,
            caused_at=event.recorded_at,
            traceparent=event.traceparent,
        )
        found.append(Letter(one, fact, codes.get(one.case_id, ""), cause))
    return found


async def refs_of(raw: asyncpg.Connection, waiting: Waiting, domain: str, store: Store) -> dict[UUID, str]:
    """Give the Message-IDs of the conversation before this message, oldest first, theirs and ours, by message id.

    Theirs are read from the log; those of a customer who was erased are left out.
    """
    rows = await raw.fetch(REFS, waiting.conversation_id, waiting.message_id)
    cases = {row["case_id"] for row in rows if row["inbound"]}
    streams = await store.load(raw, dict.fromkeys(cases, 0)) if cases else {}
    facts = [event.fact for events in streams.values() for event in events]
    theirs = {fact.message_id: fact.channel_message_id for fact in facts if isinstance(fact, MessageReceived)}
    messages = [row["message_id"] for row in rows]
    refs = {message: theirs.get(message) or f"{message}@{domain}" for message in messages}
    return {message: ref for message, ref in refs.items() if ref != ERASED}
