"""Brings events that a restored store lacks back from its topic: the same bytes, at the same positions, in the chain.

The consumer's cursors follow: what had led to one of these events was handled when the backup did not know it yet.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer
from pydantic import BaseModel, Field
from sqlalchemy import Executable, make_url

from shared.contracts.event import Fact, Recorded
from shared.eventstore.chain import genesis, next_link
from shared.eventstore.database import Transaction
from shared.eventstore.seal import Unreadable
from shared.eventstore.store import Store
from shared.kernel.errors import RecourseError
from shared.kernel.timers import TimerChange
from shared.messaging import tail
from shared.messaging.topics import topic_of
from shared.runtime import timers

APPEND_LOCK = 7  # as the append function takes it
LOT = 500
LAST = "SELECT position, chain_hash FROM event WHERE log_part = $1 ORDER BY position DESC LIMIT 1"
AT = "SELECT chain_hash FROM event WHERE log_part = $1 AND position = $2"
COLUMNS = [name for name in Recorded._fields if name != "log"]
# What a lost command asked is not known; a repeat of it is refused rather than carried out twice.
COMMANDS = """
    INSERT INTO command SELECT log_part, command_id, ''::bytea, min(position), count(*)::int FROM event
    WHERE log_part = $1 AND position > $2 AND command_id IS NOT NULL GROUP BY log_part, command_id
    ON CONFLICT DO NOTHING"""
CURSOR = """
    INSERT INTO log_cursor (consumer, source, log_part, position) VALUES ($1, $2, $3, $4)
    ON CONFLICT (consumer, source, log_part) DO UPDATE SET position = EXCLUDED.position"""


class Forked(RecourseError):
    """Store and topic tell two histories; neither can be brought into the other."""

    status = 409
    title = "Store and topic tell two histories"


class PartStanding(BaseModel):
    """One log partition: the last position of store and topic, and how many events the store lacks."""

    log_part: int
    store: int
    topic: int
    lacking: int = Field(ge=0)
    differs_at: int | None = Field(default=None, description="The position at which both hold different events.")


class LogStanding(BaseModel):
    """How a store and its topic stand to each other. `trouble` says why appends are refused; `brought_back` counts."""

    log: str
    trouble: str | None
    parts: list[PartStanding]
    brought_back: int = 0


class Follow(NamedTuple):
    """What a service keeps beside its log: timers and index rows that follow from its facts, and its cursors."""

    consumer: str
    sources: Sequence[str]
    timers: Callable[[Recorded, Fact], Sequence[TimerChange]]
    indexes: Sequence[Callable[[Recorded, Fact], Sequence[Executable]]]


async def standing(raw: asyncpg.Connection, store: Store, bootstrap: str, trouble: str | None) -> LogStanding:
    """Compare a store with its topic, partition by partition."""
    held, own = await tail.heads(bootstrap, topic_of(store.log), store.parts), await store.heads(raw)
    parts = []
    for part, head in held.items():
        chain = await raw.fetchval(AT, part, head.position) if 0 < head.position <= own[part] else None
        differs = head.position if chain is not None and chain != head.chain_hash else None
        lacking = max(0, head.position - own[part])
        parts.append(
            PartStanding(log_part=part, store=own[part], topic=head.position, lacking=lacking, differs_at=differs)
        )
    return LogStanding(log=store.log, trouble=trouble, parts=parts)


async def bring_back(owner_url: str, store: Store, bootstrap: str, follow: Follow) -> int:
    """Copy what the topic holds and the store lacks into the store, as the role that owns its tables; give how many.

    Each log partition is one transaction. Raises Forked when the topic does not go on where the store ends, or when a
    record is not what its chain hash says; nothing of that partition is kept then.
    """
    address = make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    conn = await asyncpg.connect(address)
    try:
        count = 0
        async with tail.open_consumer(bootstrap) as topics:
            for part in range(store.parts):
                async with conn.transaction():
                    count += await _bring_back(conn, topics, store, follow, part)
        return count
    finally:
        await conn.close()


async def _bring_back(
    conn: asyncpg.Connection, topics: AIOKafkaConsumer, store: Store, follow: Follow, part: int
) -> int:
    await conn.execute("SELECT pg_advisory_xact_lock($1, $2)", APPEND_LOCK, part)
    row = await conn.fetchrow(LAST, part)
    position, chain = (row["position"], row["chain_hash"]) if row else (0, genesis(store.log, part))
    begun, causes = position, set()
    lot: list[Recorded] = []
    async for event in tail.events_after(topics, topic_of(store.log), part, position):
        if event.log != store.log or next_link(chain, event) != event.chain_hash:
            raise Forked(
                f"event {part}/{event.position} in the topic does not continue the store's chain",
                field=f"{store.log} partition {part}",
                fix="one of both was altered or went on by itself: verify the store, then decide which one holds",
            )
        position, chain = event.position, event.chain_hash
        causes.add(event.causation_id)
        lot.append(event)
        if len(lot) >= LOT:
            await _insert(conn, store, follow, lot)
            lot.clear()
    await _insert(conn, store, follow, lot)
    if position > begun:
        await conn.execute(COMMANDS, part, begun)
        for source in follow.sources:
            await _follow_cursor(conn, topics, follow.consumer, source, part, causes)
    return position - begun


async def _insert(conn: asyncpg.Connection, store: Store, follow: Follow, events: list[Recorded]) -> None:
    records = [tuple(getattr(event, name) for name in COLUMNS) for event in events]
    await conn.copy_records_to_table("event", columns=COLUMNS, records=records)
    try:
        opened = await store.opened(events)
    except Unreadable as locked:
        raise Forked(
            f"{locked}, so that what the topic holds cannot be taken in",
            field=store.log,
            fix="bring the vault up to its newest backup first; it must never be older than the stores",
        ) from locked
    for event in opened:
        fact = event.fact
        if fact is None:
            continue
        await timers.apply(conn, follow.timers(event, fact))
        for index in follow.indexes:
            for statement in index(event, fact):
                await Transaction(conn).run(statement)


async def _follow_cursor(
    conn: asyncpg.Connection, topics: AIOKafkaConsumer, consumer: str, source: str, part: int, causes: set[Any]
) -> None:
    """Move the cursor to the last event that one of these followed from: all before it were handled as well."""
    query = "SELECT position FROM log_cursor WHERE consumer = $1 AND source = $2 AND log_part = $3"
    stood = await conn.fetchval(query, consumer, source, part) or 0
    handled = stood
    async for event in tail.events_after(topics, topic_of(source), part, stood):
        if event.event_id in causes:
            handled = event.position
    if handled > stood:
        await conn.execute(CURSOR, consumer, source, part, handled)
