"""A fact on its way into the log: who caused it, by which command, after what."""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from shared.contracts.event import Fact, Recorded


class Provenance(NamedTuple):
    """Where facts come from. `caused_at` is the recorded_at of the event that caused them: ours comes after it."""

    actor: str
    via: str
    correlation_id: UUID
    on_behalf_of: str | None = None
    command_id: UUID | None = None
    causation_id: UUID | None = None
    caused_at: datetime | None = None
    traceparent: str | None = None
    received_at: datetime | None = None


class Draft(NamedTuple):
    """One fact to append as `version` of its stream (1 is the first)."""

    event_id: UUID
    fact: Fact
    version: int
    by: Provenance


class CommandId(NamedTuple):
    """A command's id and the SHA-256 of its content: seen again with the same content, it is answered from the log."""

    command_id: UUID
    content_hash: bytes


def as_recorded(
    draft: Draft, body: bytes, log: str, part: int, position: int, recorded_at: datetime, chain_hash: bytes
) -> Recorded:
    """Give a draft as the log holds it, with the body that was stored."""
    fact, by = draft.fact, draft.by
    return Recorded(
        draft.event_id,
        fact.TYPE,
        log,
        part,
        position,
        fact.STREAM,
        fact.stream_id,
        draft.version,
        by.actor,
        by.on_behalf_of,
        by.via,
        by.command_id,
        by.correlation_id,
        by.causation_id,
        by.traceparent,
        recorded_at,
        by.received_at,
        body,
        sha256(body).digest(),
        chain_hash,
    )
