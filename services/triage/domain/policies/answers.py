"""The facts that a ruling becomes: a boundary, a grant, a proposed exception, a referral."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.triage.domain.policies.ruling import Ruling
from services.triage.domain.policies.wording import Wording, say_boundary, say_deviation, say_grant, say_question
from shared.contracts.triage import BoundaryStated, ExceptionProposed, Reading, RequestGranted, RequestReferred
from shared.contracts.triage_requests import InformationAsked, Question
from shared.contracts.values import KnownFact, Money

BY_RULES = "rules"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is answered: of which case, in which message, over which channel, read how."""

    case_id: UUID
    request_id: UUID
    message_id: UUID
    channel: str
    kind: str
    reading: Reading


def boundary(asked: Asked, boundary_id: UUID, ruling: Ruling, wording: Wording) -> BoundaryStated:
    """State a refusal, with everything that the contract asks of one."""
    return BoundaryStated(
        case_id=asked.case_id,
        boundary_id=boundary_id,
        request_id=asked.request_id,
        message_id=asked.message_id,
        kind=asked.kind,
        limit=ruling.limit,
        clause=ruling.clause,
        reason=ruling.reason,
        alternatives=ruling.alternatives,
        appeal=ruling.appeal,
        language=ruling.language,
        text=say_boundary(ruling, asked.reading.tone, asked.channel, wording, asked.reading.language),
        rule=ruling.trace.rule,
    )


def grant(asked: Asked, ruling: Ruling, wording: Wording) -> RequestGranted:
    """Grant what policy allows; an amount is promised only where the clause bounds it."""
    return RequestGranted(
        case_id=asked.case_id,
        request_id=asked.request_id,
        message_id=asked.message_id,
        kind=asked.kind,
        what=ruling.what,
        clause=ruling.clause,
        working_days=ruling.working_days,
        language=ruling.language,
        text=say_grant(ruling, asked.reading.tone, asked.channel, wording, asked.reading.language),
        amount=asked.reading.amount if ruling.states_amount else None,
        rule=ruling.trace.rule,
    )


def proposal(asked: Asked, exception_id: UUID, ruling: Ruling, reason: str, wording: Wording) -> ExceptionProposed:
    """Propose, in the rules' name, what the clause's exception would grant."""
    return ExceptionProposed(
        case_id=asked.case_id,
        exception_id=exception_id,
        request_id=asked.request_id,
        kind=asked.kind,
        clause=ruling.clause,
        deviation=say_deviation(ruling.deviation, ruling.clause.clause, ruling.language, wording),
        reason=reason,
        proposed_by=BY_RULES,
        language=ruling.language,
        amount=asked.reading.amount,
        facts=known_facts(asked.reading, asked.channel),
        role=ruling.role,
        rule=ruling.trace.rule,
    )


def appeal(
    stated: BoundaryStated,
    exception_id: UUID,
    deviation: str,
    reason: str,
    amount: Money | None,
    wording: Wording,
    facts: tuple[KnownFact, ...] = (),
) -> ExceptionProposed:
    """Propose an exception from the clause of a boundary that the customer does not accept."""
    return ExceptionProposed(
        case_id=stated.case_id,
        exception_id=exception_id,
        request_id=stated.request_id,
        kind=stated.kind,
        clause=stated.clause,
        deviation=say_deviation(deviation, stated.clause.clause, stated.language, wording),
        reason=reason,
        proposed_by=BY_RULES,
        language=stated.language,
        amount=amount,
        facts=facts,
        rule=stated.rule,
    )


def question(asked: Asked, ruling: Ruling, wording: Wording) -> InformationAsked:
    """Ask the customer for what policy must know first."""
    return InformationAsked(
        case_id=asked.case_id,
        request_id=asked.request_id,
        message_id=asked.message_id,
        kind=asked.kind,
        questions=tuple(Question(fact=one.path, question=one.question) for one in ruling.missing),
        language=ruling.language,
        text=say_question(ruling, asked.reading.tone, asked.channel, wording, asked.reading.language),
        rule=ruling.trace.rule,
    )


def referral(asked: Asked, ruling: Ruling, answer_due: datetime, reason: str | None = None) -> RequestReferred:
    """Hand a request to a person, with what the matter is and by when the customer must have an answer."""
    return RequestReferred(
        case_id=asked.case_id,
        request_id=asked.request_id,
        message_id=asked.message_id,
        kind=asked.kind,
        reason=_with_doubts(reason or ruling.note, asked.reading),
        answer_due=answer_due,
        rule=ruling.trace.rule,
    )


def _with_doubts(reason: str, reading: Reading) -> str:
    """Name what was heard two ways, so that the person who answers listens to it first."""
    heard = [f"{doubt.one!r} or {doubt.other!r}" for doubt in reading.doubts]
    return f"{reason.rstrip('.')}; heard as {', '.join(heard)}" if heard else reason


def known_facts(reading: Reading, channel: str | None) -> tuple[KnownFact, ...]:
    """Give what precedents are compared by: nothing in it says who the customer is."""
    known = {
        "channel": channel,
        "remedy": reading.remedy,
        "tone": reading.tone,
        "urgency": reading.urgency,
        "days_since_purchase": reading.days_since_purchase,
    }
    return tuple(KnownFact(name=name, value=str(value)) for name, value in known.items() if value is not None)
