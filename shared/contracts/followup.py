"""Facts that followup owns: promises, check-ins, and whether a case is settled."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Instant, Part, Personal, published
from shared.contracts.followup_clocks import ClockMoves
from shared.contracts.values import Backing


class Owed(Part):
    """A promise that waits until it is known whose case this is."""

    promise_id: UUID
    what: Personal = Field(min_length=1)
    due: Instant
    at_risk_from: Instant
    made_by: str


@published("followup.case_taken_up.v1")
class CaseTakenUp(CaseFact):
    """It is known whose case this is; from now on promises are made to that customer, and clocks run.

    `channel` and `received_at` are those of the opening. `clocks`, here and in the facts below, says what the same
    cause did to the clocks of the case; where no other fact follows from a cause, ClocksMoved says it.
    """

    customer_id: UUID
    channel: str | None = None
    received_at: Instant | None = None
    clocks: ClockMoves | None = None


@published("followup.message_noted.v1")
class MessageNoted(CaseFact):
    """The customer's message was heard and waits for its reading (`read` false), or was read; `at` is when.

    `quiet_until` is when the case counts as settled if nothing more comes; absent while something is open. `kinds`
    are the kinds of demand that were read.
    """

    message_id: UUID
    at: Instant
    read: bool
    language: str | None = None
    settled: bool | None = None
    quiet_until: Instant | None = None
    kinds: tuple[str, ...] | None = None
    clocks: ClockMoves | None = None


@published("followup.matter_noted.v1")
class MatterNoted(CaseFact):
    """Another service answered a request, or left it open: what followup may rest promises on, or waits for.

    `outcome` is boundary, granted, asked, referred or proposed (triage), or approved, rejected, countered, withdrawn,
    expired, superseded, accepted, declined or lapsed (approvals); `matter_id` is what was answered: boundary, request
    or exception.
    """

    matter_id: UUID
    request_id: UUID
    outcome: str
    at: Instant
    backing: Backing | None = None
    owed: Owed | None = None
    quiet_until: Instant | None = None
    clocks: ClockMoves | None = None


@published("followup.promise_made.v1")
class PromiseMade(CaseFact):
    """We owe the customer `what` by `due`, backed by a clause or a decision.

    `found_in` is the message that it was said in, at `said_at`, when it was found in our own words.
    """

    promise_id: UUID
    customer_id: UUID
    what: Personal = Field(min_length=1)
    due: Instant
    at_risk_from: Instant
    backing: Backing
    made_by: str
    found_in: UUID | None = None
    said_at: Instant | None = None


@published("followup.promise_at_risk.v1")
class PromiseAtRisk(CaseFact):
    """The due date is near and the promise is not kept yet."""

    promise_id: UUID
    due: Instant


@published("followup.promise_broken.v1")
class PromiseBroken(CaseFact):
    """The due date passed and the promise was not kept."""

    promise_id: UUID
    due: Instant


@published("followup.promise_kept.v1")
class PromiseKept(CaseFact):
    """We did what we owed; `evidence` says how one can see it."""

    promise_id: UUID
    evidence: Personal = Field(min_length=1)
    kept_at: Instant
    late: bool


@published("followup.promise_renegotiated.v1")
class PromiseRenegotiated(CaseFact):
    """The customer agreed to another due date."""

    promise_id: UUID
    due_before: Instant
    due: Instant
    at_risk_from: Instant
    reason: Personal = Field(min_length=1)


@published("followup.promise_released.v1")
class PromiseReleased(CaseFact):
    """The customer no longer holds us to it."""

    promise_id: UUID
    reason: Personal = Field(min_length=1)


@published("followup.check_in_scheduled.v1")
class CheckInScheduled(CaseFact):
    """The customer will be asked whether the matter is settled."""

    check_in_id: UUID
    due: Instant
    about: Personal


@published("followup.check_in_asked.v1")
class CheckInAsked(CaseFact):
    """The customer is asked; intake carries the question over the case's channel."""

    check_in_id: UUID
    language: str


@published("followup.check_in_answered.v1")
class CheckInAnswered(CaseFact):
    """The customer said whether the matter is settled."""

    check_in_id: UUID
    message_id: UUID
    settled: bool


@published("followup.case_resolved.v1")
class CaseResolved(CaseFact):
    """The matter is answered; the case closes at `closes_at` unless the customer comes back."""

    how: Personal
    resolved_by: str
    closes_at: Instant


@published("followup.case_reopened.v1")
class CaseReopened(CaseFact):
    """The customer came back, or said that it is not settled."""

    reason: Personal
    message_id: UUID | None = None


@published("followup.case_closed.v1")
class CaseClosed(CaseFact):
    """Nothing more came; a later message opens a linked case."""

    reason: Personal


@published("followup.attempt_refused.v1")
class FollowupAttemptRefused(CaseFact):
    """Somebody tried what the rules of followup do not allow, such as a promise that nothing backs."""

    promise_id: UUID | None = None
    attempt: str
    reason_code: str
    reason: Personal
