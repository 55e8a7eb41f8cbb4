"""What triage can be told to do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.triage import Reading
from shared.contracts.triage_requests import LookedUpRecord
from shared.contracts.values import ClauseRef, Money


@dataclass(frozen=True, slots=True)
class NewIds:
    """Ids for whatever a command may lead to, made outside the rules."""

    request: UUID
    boundary: UUID
    exception: UUID
    appeal: UUID


@dataclass(frozen=True, slots=True)
class AssessMessage:
    """Take note of how a customer's message was read, and answer what it asks.

    `received_at` is when the customer said it: the policy in force then answers. `looked_up` are records that the
    message names.
    """

    case_id: UUID
    now: datetime
    message_id: UUID
    channel: str
    reading: Reading
    ids: NewIds
    received_at: datetime
    looked_up: tuple[LookedUpRecord, ...] = ()

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person read otherwise; None leaves a field as it was read."""

    kinds: tuple[str, ...] | None = None
    remedy: str | None = None
    urgency: str | None = None
    tone: str | None = None
    language: str | None = None
    emergency: bool | None = None
    amount: Money | None = None
    order: str | None = None
    days_since_purchase: int | None = None
    deadline: str | None = None
    appeals: bool | None = None
    settled: bool | None = None


@dataclass(frozen=True, slots=True)
class CorrectAssessment:
    """A person reads a message otherwise; the answer follows the corrected reading."""

    case_id: UUID
    now: datetime
    actor: str
    roles: tuple[str, ...]
    message_id: UUID
    correction: Correction
    reason: str
    ids: NewIds

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class ProposeException:
    """An agent asks for a deviation from a clause; without `clause`, from the one that the request was refused by."""

    case_id: UUID
    now: datetime
    actor: str
    roles: tuple[str, ...]
    exception_id: UUID
    request_id: UUID
    deviation: str
    reason: str
    clause: ClauseRef | None = None
    amount: Money | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


Command = AssessMessage | CorrectAssessment | ProposeException
