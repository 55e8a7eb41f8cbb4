"""Events that a consumer could not handle, parked per case in order, until an operator retries or discards them."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.contracts.event import Recorded
from shared.messaging.codec import decode, encode

PARKED = """
    SELECT DISTINCT stream_id FROM dead_letter
    WHERE consumer = $1 AND state = 'parked' AND stream_id = ANY($2::uuid[])"""
PARK = """
    INSERT INTO dead_letter (dead_letter_id, consumer, source, log_part, position, stream_id, type, header, body, error,
                             attempts, parked_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12)
    ON CONFLICT (consumer, source, log_part, position) DO NOTHING"""
LOOK = """
    SELECT dead_letter_id, consumer, source, log_part, position, stream_id, type, error, attempts, state, parked_at
    FROM dead_letter WHERE ($1::text IS NULL OR state = $1) ORDER BY parked_at, source, log_part, position LIMIT $2"""
ONE = """
    SELECT d.*, convert_from(d.body, 'UTF8') AS body_text,
           coalesce((SELECT json_agg(json_build_object('act', a.act, 'actor', a.actor, 'reason', a.reason,
                     'acted_at', a.acted_at) ORDER BY a.acted_at) FROM dead_letter_act a
                     WHERE a.dead_letter_id = d.dead_letter_id), '[]') AS acts
    FROM dead_letter d WHERE d.dead_letter_id = $1"""
OF_STREAM = """
    SELECT dead_letter_id, header, body FROM dead_letter
    WHERE consumer = $1 AND stream_id = $2 AND state = 'parked' ORDER BY parked_at, source, log_part, position"""
ACT = "INSERT INTO dead_letter_act VALUES ($1, $2, $3, $4, $5, $6)"
PARK_LOCK = 11


class Parked(NamedTuple):
    """A parked event and its dead letter's id."""

    dead_letter_id: UUID
    event: Recorded


class Act(NamedTuple):
    """What an operator did to a dead letter; recorded for ever."""

    act_id: UUID
    actor: str
    reason: str
    acted_at: datetime


async def parked_streams(raw: asyncpg.Connection, consumer: str, streams: Iterable[UUID]) -> set[UUID]:
    """Give those of the streams that have parked events: what follows must be parked behind them.

    When there are any, an operator's retry is kept out until the end of the transaction, so that order holds.
    """
    ids = list(set(streams))
    if not await raw.fetch(PARKED, consumer, ids):
        return set()
    await lock(raw, consumer)
    return {row["stream_id"] for row in await raw.fetch(PARKED, consumer, ids)}


async def lock(raw: asyncpg.Connection, consumer: str) -> None:
    """Keep other parking and retrying of this consumer out until the end of the transaction."""
    await raw.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", PARK_LOCK, consumer)


async def park(
    raw: asyncpg.Connection,
    dead_letter_id: UUID,
    consumer: str,
    event: Recorded,
    error: str,
    attempts: int,
    at: datetime,
) -> None:
    """Park an event with the error that it met; parking it twice changes nothing."""
    header = {name: text.decode() for name, text in encode(event).headers}
    await raw.execute(
        PARK,
        dead_letter_id,
        consumer,
        event.log,
        event.log_part,
        event.position,
        event.stream_id,
        event.type,
        json.dumps(header),
        event.body,
        error,
        attempts,
        at,
    )


async def look(raw: asyncpg.Connection, state: str | None, limit: int) -> list[dict[str, Any]]:
    """List dead letters, oldest first, without their bodies."""
    return [dict(row) for row in await raw.fetch(LOOK, state, limit)]


async def show(raw: asyncpg.Connection, dead_letter_id: UUID) -> dict[str, Any] | None:
    """Give one dead letter whole, with every act on it; None when there is none."""
    row = await raw.fetchrow(ONE, dead_letter_id)
    if row is None:
        return None
    shown = dict(row)
    shown.pop("body")
    return {**shown, "header": json.loads(row["header"]), "acts": json.loads(row["acts"])}


async def parked_of(raw: asyncpg.Connection, consumer: str, stream: UUID) -> list[Parked]:
    """Give the parked events of one stream in the order in which they must be handled."""
    rows = await raw.fetch(OF_STREAM, consumer, stream)
    return [Parked(row["dead_letter_id"], decode(json.loads(row["header"]), row["body"])) for row in rows]


async def settle(raw: asyncpg.Connection, dead_letter_id: UUID, state: str, act: Act) -> bool:
    """Take a parked event out of the park as `retried` or `discarded`, on record; False when it was out already."""
    status = await raw.execute(
        "UPDATE dead_letter SET state = $2 WHERE dead_letter_id = $1 AND state = 'parked'", dead_letter_id, state
    )
    if status != "UPDATE 1":
        return False
    await raw.execute(ACT, act.act_id, dead_letter_id, state, act.actor, act.reason, act.acted_at)
    return True


async def retry_failed(raw: asyncpg.Connection, dead_letter_id: UUID, error: str, act: Act) -> None:
    """Record that a retry met an error again; the event stays parked."""
    await raw.execute(
        "UPDATE dead_letter SET attempts = attempts + 1, error = $2 WHERE dead_letter_id = $1", dead_letter_id, error
    )
    await raw.execute(ACT, act.act_id, dead_letter_id, "retry_failed", act.actor, act.reason, act.acted_at)


def streams_of(events: Sequence[Recorded]) -> set[UUID]:
    """Give the streams that events belong to."""
    return {event.stream_id for event in events}
