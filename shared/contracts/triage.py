"""Facts that triage owns: how a request was read, and what policy answers to it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Instant, Part, Personal, PersonalMark, published
from shared.contracts.said import AmountSaid, AskedFor, Claim, Doubt, Quote, Reference, TimeSaid
from shared.contracts.triage_requests import LookedUpRecord, PolicyRef
from shared.contracts.values import Alternative, ClauseRef, KnownFact, Money


class Evidence(Part):
    """The characters [start, end) of the message's text that a finding rests on, and the rule or model that found it.

    `confidence` is how sure this one rule or model is of the finding.
    """

    finding: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    rule: str
    confidence: float | None = Field(default=None, ge=0, le=1)


def _empty(found: tuple[object, ...]) -> bool:
    return not found


class Reading(Part):
    """What a message was understood to say. `kinds` is ordered, the leading kind first; empty when nothing is asked.

    `requests` are the single things asked for, in the order said; `model` is the version of the model that was asked.
    """

    kinds: tuple[str, ...]
    remedy: str | None = None
    urgency: str
    tone: str
    language: str
    confidence: float = Field(ge=0, le=1)
    judged_by: str
    emergency: bool = False
    amount: Money | None = None
    order: Annotated[str | None, PersonalMark()] = None
    days_since_purchase: int | None = None
    deadline: str | None = None
    appeals: bool = False
    settled: bool | None = None
    evidence: tuple[Evidence, ...] = ()
    model: str | None = None
    requests: tuple[AskedFor, ...] = Field(default=(), exclude_if=_empty)
    amounts: tuple[AmountSaid, ...] = Field(default=(), exclude_if=_empty)
    times: tuple[TimeSaid, ...] = Field(default=(), exclude_if=_empty)
    references: tuple[Reference, ...] = Field(default=(), exclude_if=_empty)
    claims: tuple[Claim, ...] = Field(default=(), exclude_if=_empty)
    quotes: tuple[Quote, ...] = Field(default=(), exclude_if=_empty)
    doubts: tuple[Doubt, ...] = Field(default=(), exclude_if=_empty)


@published("triage.request_assessed.v1")
class RequestAssessed(CaseFact):
    """A customer's message was read; `request_id` is set when it asks for something.

    `request_ids` name the reading's `requests`, in their order, where there are several. `policy` is what the case is
    answered by; `looked_up` are the records that the answer rests on.
    """

    message_id: UUID
    request_id: UUID | None = None
    reading: Reading
    channel: str | None = None
    regulated: str | None = None  # the category that asks for a second pair of eyes on replies
    request_ids: tuple[UUID, ...] = Field(default=(), exclude_if=_empty)
    policy: PolicyRef | None = None
    looked_up: tuple[LookedUpRecord, ...] = Field(default=(), exclude_if=_empty)


@published("triage.assessment_corrected.v1")
class AssessmentCorrected(CaseFact):
    """A person read the message otherwise; the earlier reading stays on record."""

    message_id: UUID
    request_id: UUID | None = None
    before: Reading
    reading: Reading
    reason: Personal = Field(min_length=1)
    regulated: str | None = None


@published("triage.boundary_stated.v1")
class BoundaryStated(CaseFact):
    """A typed refusal: the limit, its clause and reason, what is offered instead, and the way to appeal.

    `rule` is the row of the policy's decision table that matched.
    """

    boundary_id: UUID
    request_id: UUID
    message_id: UUID
    kind: str
    limit: str = Field(min_length=1)
    clause: ClauseRef
    reason: str = Field(min_length=1)
    alternatives: tuple[Alternative, ...] = Field(min_length=1)
    appeal: str = Field(min_length=1)
    language: str
    text: Personal = Field(min_length=1)
    rule: str | None = None


@published("triage.request_granted.v1")
class RequestGranted(CaseFact):
    """Policy allows what was asked for; `working_days` is the time it takes, promised to the customer."""

    request_id: UUID
    message_id: UUID
    kind: str
    what: str
    clause: ClauseRef
    working_days: int = Field(ge=0)
    language: str
    text: Personal = Field(min_length=1)
    amount: Money | None = None
    rule: str | None = None


@published("triage.exception_proposed.v1")
class ExceptionProposed(CaseFact):
    """Somebody, or the rules, asks for a deviation from a clause; approvals finds who may decide.

    `facts` are what is known of the request, for precedents; `role` is the lowest that the policy lets except from it.
    """

    exception_id: UUID
    request_id: UUID
    kind: str
    clause: ClauseRef
    deviation: Personal = Field(min_length=1)
    reason: Personal = Field(min_length=1)
    proposed_by: str
    language: str
    amount: Money | None = None
    facts: tuple[KnownFact, ...] = Field(default=(), exclude_if=_empty)
    role: str | None = None


@published("triage.request_referred.v1")
class RequestReferred(CaseFact):
    """The rules cannot answer this request; a person must."""

    request_id: UUID
    message_id: UUID
    kind: str
    reason: Personal = Field(min_length=1)
    answer_due: Instant | None = None
    rule: str | None = None


@published("triage.attempt_refused.v1")
class TriageAttemptRefused(CaseFact):
    """Somebody tried what the rules of triage do not allow."""

    attempt: str
    reason_code: str
    reason: Personal
