"""What intake can be asked to do about a customer: measures on conduct, and what helps in a vulnerable time."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.intake.domain.state import Conversation


@dataclass(frozen=True, slots=True)
class Told:
    """Where and in which language a customer is told something; no conversation where they never said anything."""

    conversation: Conversation | None
    language: str
    code: str
    subject: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes with a measure: the channel left open, the one who answers, the times; None where it does not apply."""

    open_channel: str | None = None
    contact: str | None = None
    times: str | None = None


@dataclass(frozen=True, slots=True)
class OfCustomer:
    """What every such command says: whom it is about, when, in which case it came up, who asks, with which roles."""

    customer_id: UUID
    now: datetime
    case_id: UUID
    by: str
    roles: tuple[str, ...]

    @property
    def stream_id(self) -> UUID:
        return self.customer_id


@dataclass(frozen=True, slots=True)
class TakeMeasure(OfCustomer):
    """Limit how the customer and we go on; `evidence` are messages of theirs, `adjustments` what was offered first."""

    measure_id: UUID
    measure: str
    category: str
    reason: str
    evidence: tuple[UUID, ...]
    adjustments: tuple[str, ...]
    review_on: date
    terms: Terms
    told: Told


@dataclass(frozen=True, slots=True)
class AppealMeasure(OfCustomer):
    """Note that the customer wants a measure looked at again, and in which message they said so."""

    measure_id: UUID
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class ReviewMeasure(OfCustomer):
    """Look at a measure again: `kept`, `changed` in its terms, or `lifted`. `notice_id` is the message that says so."""

    measure_id: UUID
    notice_id: UUID
    outcome: str
    why: str
    review_on: date | None
    terms: Terms
    told: Told


@dataclass(frozen=True, slots=True)
class LiftMeasure(OfCustomer):
    """End a measure before its review."""

    measure_id: UUID
    notice_id: UUID
    why: str
    told: Told


@dataclass(frozen=True, slots=True)
class PassReviewDay:
    """Time has passed: the measures whose day of review has come are due for it."""

    customer_id: UUID
    now: datetime

    @property
    def stream_id(self) -> UUID:
        return self.customer_id


@dataclass(frozen=True, slots=True)
class NoteVulnerability(OfCustomer):
    """Keep what makes life harder for a customer, and what they need of us."""

    need_id: UUID
    driver: str
    support: str
    source: str
    consent: bool
    review_on: date


@dataclass(frozen=True, slots=True)
class RemoveVulnerability(OfCustomer):
    """It holds no longer, or the customer does not want it kept."""

    need_id: UUID
    why: str


ConductCommand = TakeMeasure | AppealMeasure | ReviewMeasure | LiftMeasure | PassReviewDay
VulnerabilityCommand = NoteVulnerability | RemoveVulnerability
