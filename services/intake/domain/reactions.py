"""What intake does when other services have decided: it tells the customer, and it remembers that a case is closed."""

from datetime import datetime
from uuid import UUID, uuid5

from services.intake.domain.commands import (
    AnswerEmergency,
    Command,
    NoteClosure,
    NoteRegulation,
    SendReply,
    TellDispute,
)
from services.intake.domain.policies.wording import FromTemplate, Saying, Words
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
)
from shared.contracts.approvals_disputes import DisputeDecided
from shared.contracts.event import Fact, Recorded
from shared.contracts.followup import CaseClosed, CaseReopened, CheckInAsked
from shared.contracts.triage import AssessmentCorrected, BoundaryStated, RequestAssessed, RequestGranted
from shared.contracts.triage_requests import InformationAsked
from shared.contracts.values import Money

BY_RULES = "rules"
"""Who proposes what a customer asked for; what an agent proposes is not told before it is decided."""


def react(event: Recorded, fact: Fact, now: datetime) -> list[Command]:
    """Give the commands that follow from a fact of another service; most facts lead to none."""
    match fact:
        case RequestAssessed() | AssessmentCorrected():
            return _read(fact, now)
        case BoundaryStated():
            return [_tell(event, fact.case_id, now, "boundary", Words(fact.text), fact.message_id)]
        case InformationAsked():
            return [_tell(event, fact.case_id, now, "question", Words(fact.text), fact.message_id)]
        case RequestGranted():
            return [_tell(event, fact.case_id, now, "granted", Words(fact.text), fact.message_id)]
        case ExceptionRequested() if fact.proposed_by == BY_RULES and fact.supersedes is None:
            return [_tell(event, fact.case_id, now, "passed_on", FromTemplate("passed_on", fact.language))]
        case ExceptionApproved():
            values = {
                "deviation": fact.deviation,
                "conditions": "; ".join(fact.conditions),
                "amount": _written(fact.amount),
            }
            return [_decided(event, fact.case_id, now, FromTemplate("approved", fact.language, values))]
        case ExceptionRejected():
            values = {"reason": fact.reason}
            return [_decided(event, fact.case_id, now, FromTemplate("rejected", fact.language, values))]
        case ExceptionCountered():
            values = {"offer": fact.offer, "reason": fact.reason, "amount": _written(fact.amount)}
            return [_decided(event, fact.case_id, now, FromTemplate("countered", fact.language, values))]
        case ExceptionExpired():
            return [_decided(event, fact.case_id, now, FromTemplate("expired", fact.language))]
        case DisputeDecided():
            return [_decided_between(event, fact, now)]
        case CheckInAsked():
            return [_tell(event, fact.case_id, now, "check_in", FromTemplate("check_in", fact.language))]
        case CaseClosed():
            return [NoteClosure(fact.case_id, now, closed=True, reason=fact.reason)]
        case CaseReopened():
            return [NoteClosure(fact.case_id, now, closed=False, reason=fact.reason)]
        case _:
            return []


def _read(fact: RequestAssessed | AssessmentCorrected, now: datetime) -> list[Command]:
    commands: list[Command] = []
    if fact.regulated:
        commands.append(NoteRegulation(fact.case_id, now, fact.regulated, fact.message_id))
    if fact.reading.emergency:
        commands.append(AnswerEmergency(fact.case_id, now, fact.message_id, fact.reading.language))
    return commands


def _decided_between(event: Recorded, fact: DisputeDecided, now: datetime) -> Command:
    return TellDispute(
        fact.case_id, now, event.event_id, fact.dispute_id, fact.outcome, fact.reason,
        fact.to_claimant, fact.to_respondent,
    )  # fmt: skip


def _decided(event: Recorded, case_id: UUID, now: datetime, saying: Saying) -> Command:
    return _tell(event, case_id, now, "decision", saying)


def _tell(
    event: Recorded, case_id: UUID, now: datetime, purpose: str, saying: Saying, in_reply_to: UUID | None = None
) -> Command:
    return SendReply(
        case_id=case_id,
        now=now,
        message_id=uuid5(event.event_id, "reply"),
        purpose=purpose,
        saying=saying,
        automatic=True,
        in_reply_to=in_reply_to,
    )


def _written(money: Money | None) -> str | None:
    return f"{money.amount.normalize():f} {money.currency}" if money else None
