"""Which cases are there, and how do they stand? One row a case, written by all four topics, each its own columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.casebook.projections.projection import Projection
from services.casebook.tables import CASE_LIST
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionLapsed, ExceptionSuperseded
from shared.contracts.event import CaseFact, Recorded
from shared.contracts.followup import (
    CaseClosed,
    CaseReopened,
    CaseResolved,
    CheckInAnswered,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
)
from shared.contracts.intake import CaseOpened, MessageReceived, MessageSent, MessageUndelivered
from shared.contracts.intake_vulnerability import CaseCameFirst
from shared.contracts.triage import (
    AssessmentCorrected,
    BoundaryStated,
    Reading,
    RequestAssessed,
    RequestGranted,
    RequestReferred,
)
from shared.eventstore.readmodel import NOTHING, Change

# What we say at once, before anybody has answered, or about how we go on together.
NO_ANSWER = frozenset(
    {"acknowledgement", "emergency", "passed_on", "script", "restricted", "conduct_notice", "dispute_notice"}
)
# What answers a request that the rules left to a person.
BY_PERSONS = frozenset({"agent", "decision"})

case_list = Projection("case_list", CASE_LIST)


def _change(
    fact: CaseFact,
    assigned: Mapping[str, object] = NOTHING,
    *,
    later: Mapping[str, datetime] = NOTHING,
    earlier: Mapping[str, datetime] = NOTHING,
    **sums: int,
) -> Change:
    return Change(CASE_LIST, (fact.case_id,), assigned, later, earlier, sums or NOTHING)


@case_list.on(CaseOpened)
def _opened(_event: Recorded, fact: CaseOpened) -> Sequence[Change]:
    opening = {
        "tracking_code": fact.tracking_code,
        "customer_id": fact.customer_id,
        "channel": fact.channel,
        "subject": fact.subject,
        "opened_at": fact.received_at,
        "answer_due": fact.answer_due,
        "linked_case_id": fact.linked_case_id,
    }
    return (_change(fact, opening),)


@case_list.on(MessageReceived)
def _received(_event: Recorded, fact: MessageReceived) -> Sequence[Change]:
    return (_change(fact, later={"last_heard_at": fact.received_at}, messages_in=1),)


@case_list.on(MessageSent)
def _sent(_event: Recorded, fact: MessageSent) -> Sequence[Change]:
    if fact.purpose in NO_ANSWER:
        return (_change(fact, messages_out=1),)
    said = fact.said_at
    later = {"last_answer_at": said, "last_person_at": said} if fact.purpose in BY_PERSONS else {"last_answer_at": said}
    return (_change(fact, later=later, earlier={"first_answer_at": said}, messages_out=1),)


@case_list.on(MessageUndelivered)
def _undelivered(_event: Recorded, fact: MessageUndelivered) -> Sequence[Change]:
    return (_change(fact, undelivered=1),)


@case_list.on(CaseCameFirst)
def _first(_event: Recorded, fact: CaseCameFirst) -> Sequence[Change]:
    return (_change(fact, {"comes_first": True}),)


@case_list.on(RequestAssessed)
def _assessed(_event: Recorded, fact: RequestAssessed) -> Sequence[Change]:
    return (_change(fact, _as_read(fact.reading), requests=int(fact.request_id is not None)),)


@case_list.on(RequestReferred)
def _referred(event: Recorded, fact: RequestReferred) -> Sequence[Change]:
    return (_change(fact, later={"referred_at": event.recorded_at}),)


@case_list.on(AssessmentCorrected)
def _corrected(event: Recorded, fact: AssessmentCorrected) -> Sequence[Change]:
    # The person's reading is the last word on the case until the next message is read. What it leads to is answered
    # by the rules, or referred in the same instant, which counts for more.
    later = {"last_person_at": event.recorded_at}
    requests = bool(fact.reading.kinds) - bool(fact.before.kinds)
    return (_change(fact, _as_read(fact.reading), later=later, requests=requests),)


def _as_read(reading: Reading) -> Mapping[str, object]:
    how: dict[str, object] = {"tone": reading.tone, "urgency": reading.urgency, "language": reading.language}
    if reading.kinds:  # thanks and chat leave what was asked for as it stands
        how["kind"] = reading.kinds[0]
        how["remedy"] = reading.remedy
        how["emergency"] = reading.emergency
        how["amount"] = reading.amount and reading.amount.amount
        how["currency"] = reading.amount and reading.amount.currency
    return how


@case_list.on(BoundaryStated)
def _boundary(_event: Recorded, fact: BoundaryStated) -> Sequence[Change]:
    return (_change(fact, {"boundary_clause": fact.clause.clause}, boundaries=1),)


@case_list.on(RequestGranted)
def _granted(_event: Recorded, fact: RequestGranted) -> Sequence[Change]:
    return (_change(fact, grants=1),)


@case_list.on(ExceptionRequested)
def _requested(_event: Recorded, fact: ExceptionRequested) -> Sequence[Change]:
    return (_change(fact, {"exception_state": "requested"}, exceptions=1, exceptions_open=1),)


def _decided(state: str, *types: type[CaseFact]) -> None:
    def decided(_event: Recorded, fact: CaseFact) -> Sequence[Change]:
        return (_change(fact, {"exception_state": state}, exceptions_open=-1),)

    for fact_type in types:
        case_list.on(fact_type)(decided)


_decided("approved", ExceptionApproved)
_decided("rejected", ExceptionRejected)
_decided("countered", ExceptionCountered)
_decided("withdrawn", ExceptionWithdrawn)
_decided("expired", ExceptionExpired)
_decided("superseded", ExceptionSuperseded)


def _followed(state: str, fact_type: type[CaseFact]) -> None:
    def followed(_event: Recorded, fact: CaseFact) -> Sequence[Change]:
        return (_change(fact, {"exception_state": state}),)

    case_list.on(fact_type)(followed)


_followed("accepted", CounterAccepted)
_followed("declined", CounterDeclined)
_followed("lapsed", ExceptionLapsed)


@case_list.on(PromiseMade)
def _promised(_event: Recorded, fact: PromiseMade) -> Sequence[Change]:
    return (_change(fact, promises=1, promises_open=1),)


@case_list.on(PromiseKept)
def _kept(_event: Recorded, fact: PromiseKept) -> Sequence[Change]:
    return (_change(fact, promises_open=-1),)


@case_list.on(PromiseReleased)
def _released(_event: Recorded, fact: PromiseReleased) -> Sequence[Change]:
    return (_change(fact, promises_open=-1),)


@case_list.on(PromiseBroken)
def _broken(_event: Recorded, fact: PromiseBroken) -> Sequence[Change]:
    return (_change(fact, promises_broken=1),)


@case_list.on(CheckInAnswered)
def _answered(_event: Recorded, fact: CheckInAnswered) -> Sequence[Change]:
    return (_change(fact, {"settled": fact.settled}),)


@case_list.on(CaseResolved)
def _resolved(_event: Recorded, fact: CaseResolved) -> Sequence[Change]:
    outcome = {"outcome": "resolved", "resolved_how": fact.how, "closes_at": fact.closes_at}
    return (_change(fact, outcome),)


@case_list.on(CaseReopened)
def _reopened(_event: Recorded, fact: CaseReopened) -> Sequence[Change]:
    return (_change(fact, {"outcome": "reopened", "resolved_how": None, "closes_at": None}),)


@case_list.on(CaseClosed)
def _closed(_event: Recorded, fact: CaseClosed) -> Sequence[Change]:
    return (_change(fact, {"outcome": "closed"}),)
