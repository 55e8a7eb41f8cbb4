"""Facts that approvals owns: who may decide on a deviation from policy, and what they decided."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Instant, Personal, published
from shared.contracts.values import Authority, ClauseRef, KnownFact, Money, Quorum, empty


@published("approvals.exception_requested.v1")
class ExceptionRequested(CaseFact):
    """A proposed deviation waits for a decision by `required_role` until `deadline`; silence is never a yes.

    `facts` are what was known of the matter; `supersedes` is the exception that this one replaces; `at_least` is the
    lowest role that the policy lets except from the clause; `why` says why it is that role.
    """

    exception_id: UUID
    request_id: UUID
    kind: str
    clause: ClauseRef
    deviation: Personal
    reason: Personal
    proposed_by: str
    required_role: str
    quorum: Quorum
    deadline: Instant
    language: str
    amount: Money | None = None
    facts: tuple[KnownFact, ...] = Field(default=(), exclude_if=empty)
    supersedes: UUID | None = None
    at_least: str | None = None
    why: str | None = None


@published("approvals.approval_given.v1")
class ApprovalGiven(CaseFact):
    """One person with authority agreed; the exception is approved when the quorum is met.

    `precedents_seen` tells whether the person had opened the precedents; so in every decision.
    """

    exception_id: UUID
    decided_by: str
    on_behalf_of: str | None = None
    authority: Authority
    note: Personal
    conditions: tuple[Personal, ...] = ()
    amount: Money | None = None
    valid_until: Instant | None = None
    precedents_seen: bool | None = None


@published("approvals.rejection_given.v1")
class RejectionGiven(CaseFact):
    """One person with authority disagreed; the exception is rejected when the quorum can no longer be met."""

    exception_id: UUID
    decided_by: str
    on_behalf_of: str | None = None
    authority: Authority
    reason: Personal = Field(min_length=1)
    precedents_seen: bool | None = None


@published("approvals.exception_approved.v1")
class ExceptionApproved(CaseFact):
    """The quorum agreed: the deviation is granted, under `conditions` and until `valid_until` where there are any."""

    exception_id: UUID
    request_id: UUID
    decided_by: tuple[str, ...] = Field(min_length=1)
    on_behalf_of: str | None = None
    authority: Authority
    deviation: Personal
    note: Personal
    language: str
    conditions: tuple[Personal, ...] = ()
    amount: Money | None = None
    valid_until: Instant | None = None
    precedents_seen: bool | None = None


@published("approvals.exception_rejected.v1")
class ExceptionRejected(CaseFact):
    """Somebody with authority said no, with the reason that the customer is told."""

    exception_id: UUID
    request_id: UUID
    decided_by: str
    on_behalf_of: str | None = None
    authority: Authority
    reason: Personal = Field(min_length=1)
    language: str
    precedents_seen: bool | None = None


@published("approvals.exception_countered.v1")
class ExceptionCountered(CaseFact):
    """Somebody with authority offers something else instead, until `valid_until` where a time is named."""

    exception_id: UUID
    request_id: UUID
    decided_by: str
    on_behalf_of: str | None = None
    authority: Authority
    offer: Personal = Field(min_length=1)
    reason: Personal
    language: str
    amount: Money | None = None
    valid_until: Instant | None = None
    precedents_seen: bool | None = None


@published("approvals.exception_withdrawn.v1")
class ExceptionWithdrawn(CaseFact):
    """The proposer took the proposal back."""

    exception_id: UUID
    request_id: UUID
    withdrawn_by: str
    reason: Personal = Field(min_length=1)


@published("approvals.exception_escalated.v1")
class ExceptionEscalated(CaseFact):
    """The deadline passed without a decision: the next level decides until the new deadline.

    `quorum` is how many must agree there, where the matrix says so for that level.
    """

    exception_id: UUID
    from_role: str
    required_role: str
    deadline: Instant
    reason: str
    quorum: Quorum | None = None


@published("approvals.exception_expired.v1")
class ExceptionExpired(CaseFact):
    """The highest level let the deadline pass; the policy stands, and the customer must be told."""

    exception_id: UUID
    request_id: UUID
    reason: str
    language: str


@published("approvals.attempt_refused.v1")
class ApprovalsAttemptRefused(CaseFact):
    """Somebody tried to decide without the authority, or on their own request; auditors want to know."""

    exception_id: UUID | None = None
    attempt: str
    reason_code: str
    reason: Personal
