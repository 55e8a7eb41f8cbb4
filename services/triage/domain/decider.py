"""Decides what follows from a reading: a boundary, a grant, a proposed exception, or a person's attention."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import assert_never

from services.triage.domain.commands import AssessMessage, Command, CorrectAssessment, Correction, ProposeException
from services.triage.domain.policies import answers
from services.triage.domain.policies.answers import Asked
from services.triage.domain.policies.ruling import Rule, Ruling, question_of
from services.triage.domain.policies.wording import Wording
from services.triage.domain.state import UNKNOWN_LANGUAGE, Assessment, Triage, evolve
from shared.contracts.event import Fact
from shared.contracts.triage import (
    AssessmentCorrected,
    BoundaryStated,
    ExceptionProposed,
    Reading,
    RequestAssessed,
    TriageAttemptRefused,
)
from shared.kernel.decider import Decider
from shared.kernel.worktime import Calendar

ASKED_AGAIN = "The customer asks again for what was refused."
APPEALED = "The customer does not accept the refusal."
Assessing = AssessMessage | CorrectAssessment


@dataclass(frozen=True, slots=True)
class TriageRules:
    """What triage decides by.

    rule: the policy; deviation: what an exception to a clause (by id) would grant, in a language;
    wording: how rulings are said; calendar: the working time that answers are due in.
    """

    rule: Rule
    deviation: Callable[[str, str], str]
    wording: Wording
    calendar: Calendar


def make_decider(rules: TriageRules) -> Decider[Command, Triage, Fact]:
    """Make triage's decider for one version of the policy."""
    return Decider(initial=Triage(), evolve=evolve, decide=lambda command, state: decide(command, state, rules))


def decide(command: Command, state: Triage, rules: TriageRules) -> list[Fact]:
    """Give the facts that follow from a command; none when it says what is known already."""
    match command:
        case AssessMessage():
            return _assess(command, state, rules)
        case CorrectAssessment():
            return _correct(command, state, rules)
        case ProposeException():
            return _propose(command, state)
        case _:
            assert_never(command)


def _assess(command: AssessMessage, state: Triage, rules: TriageRules) -> list[Fact]:
    if command.message_id in state.assessments:
        return []  # a redelivered message teaches nothing
    reading = command.reading
    appealed = _appealed(reading, state)
    asks = bool(reading.kinds) or appealed is not None
    read = Assessment(command.message_id, command.ids.request if asks else None, command.channel, reading)
    facts: list[Fact] = [
        RequestAssessed(
            case_id=command.case_id,
            message_id=command.message_id,
            request_id=read.request_id,
            reading=reading,
            channel=command.channel,
        )
    ]
    facts += _answer(command, read, state, rules, again=True)
    return facts + _appeal(command, reading, appealed, state, facts, rules)


def _correct(command: CorrectAssessment, state: Triage, rules: TriageRules) -> list[Fact]:
    before = state.assessments.get(command.message_id)
    if before is None:
        return [_refused(command, "correct_assessment", "no_assessment", "This message has not been assessed.")]
    changes = _changes(command.correction)
    if all(getattr(before.reading, name) == value for name, value in changes.items()):
        return []
    reading = before.reading.model_copy(update={**changes, "confidence": 1.0, "judged_by": f"person/{command.actor}"})
    request_id = (before.request_id or command.ids.request) if reading.kinds else None
    fact: Fact = AssessmentCorrected(
        case_id=command.case_id,
        message_id=command.message_id,
        request_id=request_id,
        before=before.reading,
        reading=reading,
        reason=command.reason,
    )
    read = Assessment(command.message_id, request_id, before.channel, reading, corrected=True)
    facts = [fact, *_answer(command, read, state, rules, again=False)]
    appealed = None if before.reading.appeals else _appealed(reading, state)
    return facts + _appeal(command, reading, appealed, state, facts, rules)


def _propose(command: ProposeException, state: Triage) -> list[Fact]:
    asked = state.request(command.request_id)
    if asked is None:
        reason = "No customer asked for this: an exception needs a request of this case."
        return [_refused(command, "propose_exception", "no_request", reason)]
    stated = next((b for b in reversed(state.boundaries) if b.request_id == command.request_id), None)
    clause = command.clause or (stated.clause if stated else None)
    if clause is None:
        reason = "No clause was stated for this request: name the clause to deviate from."
        return [_refused(command, "propose_exception", "no_clause", reason)]
    same = (command.request_id, clause.clause, command.deviation)
    if any((p.request_id, p.clause.clause, p.deviation) == same for p in state.proposed):
        reason = "The same exception has been proposed for this request."
        return [_refused(command, "propose_exception", "already_proposed", reason)]
    kinds = asked.reading.kinds
    return [
        ExceptionProposed(
            case_id=command.case_id,
            exception_id=command.exception_id,
            request_id=command.request_id,
            kind=stated.kind if stated else kinds[0] if kinds else "other",
            clause=clause,
            deviation=command.deviation,
            reason=command.reason,
            proposed_by=command.actor,
            language=stated.language if stated else _language(asked.reading, state),
            amount=command.amount or asked.reading.amount,
        )
    ]


def _answer(command: Assessing, read: Assessment, state: Triage, rules: TriageRules, *, again: bool) -> list[Fact]:
    """Give the policy's answer to what a message asks; with `again`, asking twice for the refused proposes it."""
    reading = read.reading
    if read.request_id is None or not reading.kinds:
        return []
    kind, remedy, ids = reading.kinds[0], reading.remedy, command.ids
    asked = Asked(command.case_id, read.request_id, read.message_id, read.channel, kind, reading)
    ruling = rules.rule(question_of(reading, _language(reading, state), read.channel))
    clause = ruling.clause.clause
    match ruling.outcome:
        case "refused" if state.boundary(kind, clause) is None:
            return [answers.boundary(asked, ids.boundary, ruling, rules.wording)]
        case "refused" if not again or _proposed(state.proposed, kind, clause):
            return []
        case "refused":
            return [answers.proposal(asked, ids.exception, ruling, ASKED_AGAIN, rules.wording)]
        case "allowed":
            known = (kind, remedy) in state.granted
            return [] if known else [answers.grant(asked, ruling, rules.wording)]
        case "discretionary":
            known = _proposed(state.proposed, kind, clause)
            return [] if known else [answers.proposal(asked, ids.exception, ruling, ruling.reason, rules.wording)]
        case "needs_person":
            known = (kind, remedy) in state.referred
            return [] if known else [_refer(command, asked, ruling, rules)]
        case _:
            assert_never(ruling.outcome)


def _refer(command: Assessing, asked: Asked, ruling: Ruling, rules: TriageRules) -> Fact:
    return answers.referral(asked, ruling, rules.calendar.add_days(command.now, ruling.working_days))


def _appeal(
    command: Assessing,
    reading: Reading,
    appealed: BoundaryStated | None,
    state: Triage,
    facts: Sequence[Fact],
    rules: TriageRules,
) -> list[Fact]:
    """Propose an exception from the boundary that is appealed against, unless one has been or is being proposed."""
    if appealed is None:
        return []
    clause = appealed.clause.clause
    proposed = [*state.proposed, *(fact for fact in facts if isinstance(fact, ExceptionProposed))]
    if _proposed(proposed, appealed.kind, clause):
        return []
    asked = state.request(appealed.request_id)
    amount = reading.amount or (asked.reading.amount if asked else None)
    deviation = rules.deviation(clause, appealed.language)
    return [answers.appeal(appealed, command.ids.appeal, deviation, APPEALED, amount, rules.wording)]


def _appealed(reading: Reading, state: Triage) -> BoundaryStated | None:
    """Give the boundary that a message appeals against: the latest of the kind it speaks of, else the latest."""
    if not reading.appeals or not state.boundaries:
        return None
    latest = state.boundaries[-1]
    return next((b for b in reversed(state.boundaries) if b.kind in reading.kinds), latest)


def _proposed(proposed: Sequence[ExceptionProposed], kind: str, clause: str) -> bool:
    return any((p.kind, p.clause.clause) == (kind, clause) for p in proposed)


def _language(reading: Reading, state: Triage) -> str:
    """Give the language to answer in: the message's, or for words too few to tell, the one used before."""
    return state.language if reading.language == UNKNOWN_LANGUAGE else reading.language


def _changes(correction: Correction) -> dict[str, object]:
    named = {item.name: getattr(correction, item.name) for item in fields(correction)}
    return {name: value for name, value in named.items() if value is not None}


def _refused(command: Command, attempt: str, code: str, reason: str) -> TriageAttemptRefused:
    return TriageAttemptRefused(case_id=command.case_id, attempt=attempt, reason_code=code, reason=reason)
