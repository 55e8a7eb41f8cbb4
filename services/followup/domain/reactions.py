"""What followup takes in from the other services. Dates count from when the cause was recorded, not from now."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from services.followup.domain.commands import (
    Command,
    Debt,
    EndErased,
    HearMessage,
    HearOurselves,
    NoteMatter,
    ReadMessage,
    TakeUpCase,
)
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionLapsed, ExceptionSuperseded
from shared.contracts.event import Fact, Recorded
from shared.contracts.intake import CaseOpened, MessageReceived, MessageSent
from shared.contracts.intake_privacy import CaseErased
from shared.contracts.triage import (
    AssessmentCorrected,
    BoundaryStated,
    ExceptionProposed,
    RequestAssessed,
    RequestGranted,
    RequestReferred,
)
from shared.contracts.triage_requests import InformationAsked
from shared.contracts.values import Backing, ClauseRef

DECISIONS: dict[type[Fact], str] = {
    ExceptionRejected: "rejected",
    ExceptionCountered: "countered",
    ExceptionWithdrawn: "withdrawn",
    ExceptionExpired: "expired",
    ExceptionSuperseded: "superseded",
    CounterDeclined: "declined",
    ExceptionLapsed: "lapsed",
}


class _Matter(NamedTuple):
    matter_id: UUID
    request_id: UUID
    outcome: str
    backing: Backing | None = None
    debt: Debt | None = None


def react(event: Recorded, fact: Fact, _now: datetime) -> list[Command]:
    """Give the commands that follow from another service's fact."""
    at = event.recorded_at
    match fact:
        case CaseOpened():
            return [
                TakeUpCase(fact.case_id, at, fact.customer_id, fact.channel, fact.received_at, cause=event.event_id)
            ]
        case CaseErased() if fact.own:
            return [EndErased(fact.case_id, at, cause=event.event_id)]
        case MessageReceived():
            return [HearMessage(fact.case_id, at, fact.message_id, cause=event.event_id)]
        case MessageSent():
            return [
                HearOurselves(
                    fact.case_id,
                    at,
                    fact.message_id,
                    fact.said_at,
                    event.actor,
                    fact.purpose,
                    fact.channel,
                    fact.text,
                    fact.second_transcript,
                    cause=event.event_id,
                )
            ]
        case RequestAssessed() | AssessmentCorrected():
            reading = fact.reading
            return [
                ReadMessage(
                    fact.case_id,
                    at,
                    fact.message_id,
                    asks=fact.request_id is not None,
                    language=reading.language,
                    settled=reading.settled,
                    corrected=isinstance(fact, AssessmentCorrected),
                    kinds=reading.kinds,
                    said_at=event.received_at,
                    heard=event.causation_id,
                    cause=event.event_id,
                )
            ]
        case _:
            matter = _matter(event, fact)
            if matter is None:
                return []
            return [NoteMatter(fact.stream_id, at, *matter, cause=event.event_id)]


def _matter(event: Recorded, fact: Fact) -> _Matter | None:
    match fact:
        case BoundaryStated():
            return _Matter(fact.boundary_id, fact.request_id, "boundary", clause_backing(fact.clause))
        case RequestGranted():
            debt = Debt(_promise_id(event), fact.what, "rules", fact.working_days)
            return _Matter(fact.request_id, fact.request_id, "granted", clause_backing(fact.clause), debt)
        case RequestReferred():
            return _Matter(fact.request_id, fact.request_id, "referred")
        case InformationAsked():
            return _Matter(fact.request_id, fact.request_id, "asked")
        case ExceptionProposed():
            return _Matter(fact.exception_id, fact.request_id, "proposed")
        case ExceptionRequested() if fact.supersedes is not None:
            return _Matter(fact.exception_id, fact.request_id, "proposed")
        case ExceptionApproved():
            what = fact.deviation
            if fact.conditions:
                what += f" (on condition: {'; '.join(fact.conditions)})"
            debt = Debt(_promise_id(event), what, fact.decided_by[-1])
            return _Matter(fact.exception_id, fact.request_id, "approved", _decision(fact.exception_id), debt)
        case CounterAccepted():
            debt = Debt(_promise_id(event), fact.offer, fact.noted_by)
            return _Matter(fact.exception_id, fact.request_id, "accepted", _decision(fact.exception_id), debt)
        case ExceptionSuperseded() | CounterDeclined() | ExceptionLapsed():
            return _Matter(fact.exception_id, fact.request_id, DECISIONS[type(fact)])
        case ExceptionRejected() | ExceptionCountered() | ExceptionWithdrawn() | ExceptionExpired():
            # what was offered instead is a decision too: a promise may rest on it once the customer takes it
            backing = _decision(fact.exception_id) if isinstance(fact, ExceptionCountered) else None
            return _Matter(fact.exception_id, fact.request_id, DECISIONS[type(fact)], backing)
        case _:
            return None


def clause_backing(clause: ClauseRef) -> Backing:
    """Give what a promise refers to when a clause backs it: `policy/clause`, in the version that was applied."""
    return Backing(kind="clause", reference=f"{clause.policy}/{clause.clause}", version=clause.version)


def _decision(exception_id: UUID) -> Backing:
    return Backing(kind="decision", reference=str(exception_id))


def _promise_id(event: Recorded) -> UUID:
    return uuid5(event.event_id, "promise")
