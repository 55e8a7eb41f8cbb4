"""A fact on its way into the log: who caused it, by which command, after what."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.contracts.event import Fact


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
