"""Facts that approvals owns around a decision: what became of it, and what the people who took it had seen."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Instant, Part, Personal, published
from shared.contracts.values import ClauseRef, Money


@published("approvals.exception_superseded.v1")
class ExceptionSuperseded(CaseFact):
    """The proposer put another proposal in the place of this one, which can no longer be decided on."""

    exception_id: UUID
    request_id: UUID
    superseded_by: UUID
    proposer: str
    reason: Personal = Field(min_length=1)


@published("approvals.counter_accepted.v1")
class CounterAccepted(CaseFact):
    """The customer takes what was offered instead; `message_id` is where they say so, `noted_by` who read it."""

    exception_id: UUID
    request_id: UUID
    noted_by: str
    message_id: UUID
    offer: Personal
    amount: Money | None = None


@published("approvals.counter_declined.v1")
class CounterDeclined(CaseFact):
    """The customer does not take what was offered instead; the policy stands."""

    exception_id: UUID
    request_id: UUID
    noted_by: str
    message_id: UUID


@published("approvals.exception_used.v1")
class ExceptionUsed(CaseFact):
    """What was approved has been carried out; `evidence` says how that is known."""

    exception_id: UUID
    request_id: UUID
    used_by: str
    evidence: Personal = Field(min_length=1)


@published("approvals.exception_lapsed.v1")
class ExceptionLapsed(CaseFact):
    """An approval or a counter-offer was not used by the end of its validity, and no longer stands."""

    exception_id: UUID
    request_id: UUID
    valid_until: Instant
    reason: str


@published("approvals.boundary_noted.v1")
class BoundaryNoted(CaseFact):
    """A person stated the boundary that a request met; the matrix may keep them from deciding on the exception."""

    boundary_id: UUID
    request_id: UUID
    stated_by: str


class Precedent(Part):
    """A decided exception that is like another: how like (0 to 1), and in what.

    `deviation` and `note` are empty where it is put on record: they are about the customer of the other case.
    """

    exception_id: UUID
    case_id: UUID
    clause: ClauseRef
    kind: str
    deviation: str
    outcome: str
    decided_at: Instant
    decided_by: tuple[str, ...]
    role: str
    note: str
    similarity: float = Field(ge=0, le=1)
    alike_in: tuple[str, ...]
    amount: Money | None = None
    granted: Money | None = None


@published("approvals.precedents_shown.v1")
class PrecedentsShown(CaseFact):
    """The nearest decided exceptions, the most alike first, as `shown_to` was shown them; empty if there are none."""

    exception_id: UUID
    shown_to: str
    precedents: tuple[Precedent, ...]
