"""Decides what follows from a reading: boundaries, grants, questions, proposed exceptions, or a person's attention."""

from collections.abc import Sequence
from dataclasses import fields
from typing import assert_never

from services.triage.domain.commands import AssessMessage, Command, CorrectAssessment, Correction, ProposeException
from services.triage.domain.policies import answers
from services.triage.domain.policies.answering import (
    Assessing,
    TriageRules,
    answer_all,
    language_of,
    policy_of,
    proposed,
    refer_unread,
)
from services.triage.domain.policies.asking import added
from services.triage.domain.state import Assessment, Triage, evolve
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

APPEALED = "The customer does not accept the refusal."


def make_decider(rules: TriageRules) -> Decider[Command, Triage, Fact]:
    """Make triage's decider."""
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
    requests = read.requests
    fact = RequestAssessed(
        case_id=command.case_id,
        message_id=command.message_id,
        request_id=read.request_id,
        request_ids=tuple(one.request_id for one in requests if one.request_id) if len(requests) > 1 else (),
        reading=reading,
        channel=command.channel,
        regulated=rules.regulated(reading),
        policy=policy_of(command, state, rules).ref if asks and state.policy is None else None,
        looked_up=command.looked_up,
    )
    after = evolve(state, fact)
    told = [after.waiting[key] for key, one in state.waiting.items() if added(one.reading, reading)]
    open_ones = tuple(after.waiting.values())
    wanted = [*told, *(one for one in requests if not _covered(one, appealed, after) and not _repeats(one, open_ones))]
    facts = [fact, *answer_all(command, wanted, after, rules, again=True)]
    if not asks and not told and reading.settled is None:
        facts += [refer_unread(command, one, rules) for one in state.waiting.values()]
    return facts + _appeal(command, reading, appealed, state, facts, rules)


def _correct(command: CorrectAssessment, state: Triage, rules: TriageRules) -> list[Fact]:
    before = state.assessments.get(command.message_id)
    if before is None:
        return [_refused(command, "correct_assessment", "no_assessment", "This message has not been assessed.")]
    changes = _changes(command.correction)
    if all(getattr(before.reading, name) == value for name, value in changes.items()):
        return []
    if changes.keys() & {"kinds", "remedy"}:
        changes["requests"] = ()  # a person speaks of the message as a whole
    reading = before.reading.model_copy(update={**changes, "confidence": 1.0, "judged_by": f"person/{command.actor}"})
    request = (before.request_id or command.ids.request) if reading.kinds else None
    fact = AssessmentCorrected(
        case_id=command.case_id,
        message_id=command.message_id,
        request_id=request,
        before=before.reading,
        reading=reading,
        reason=command.reason,
        regulated=rules.regulated(reading),
    )
    after = evolve(state, fact)
    read = Assessment(command.message_id, request, before.channel, reading, corrected=True)
    facts = [fact, *answer_all(command, read.requests, after, rules, again=False)]
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
            language=stated.language if stated else language_of(asked.reading, state),
            amount=command.amount or asked.reading.amount,
            facts=answers.known_facts(asked.reading, asked.channel),
        )
    ]


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
    known = [*state.proposed, *(fact for fact in facts if isinstance(fact, ExceptionProposed))]
    if proposed(known, appealed.kind, clause):
        return []
    asked = state.request(appealed.request_id)
    amount = reading.amount or (asked.reading.amount if asked else None)
    policy = policy_of(command, state, rules)
    deviation = policy.deviation(clause, appealed.language)
    known_facts = answers.known_facts(asked.reading, asked.channel) if asked else ()
    return [answers.appeal(appealed, command.ids.appeal, deviation, APPEALED, amount, policy.wording, known_facts)]


def _appealed(reading: Reading, state: Triage) -> BoundaryStated | None:
    """Give the boundary that a message appeals against: the latest of the kind it speaks of, else the latest."""
    if not reading.appeals or not state.boundaries:
        return None
    latest = state.boundaries[-1]
    return next((b for b in reversed(state.boundaries) if b.kind in reading.kinds), latest)


def _covered(one: Assessment, appealed: BoundaryStated | None, state: Triage) -> bool:
    """Tell whether a request is the appeal itself: it wants what was refused, or nothing in particular."""
    if appealed is None:
        return False
    refused = state.request(appealed.request_id)
    remedy = one.reading.remedy
    return remedy == (refused.reading.remedy if refused else None) or (remedy is None and not _asks_to_know(one))


def _repeats(one: Assessment, waiting: Sequence[Assessment]) -> bool:
    """Tell whether a request only says again what waits, or waited, for information."""
    return not _asks_to_know(one) and any(one.reading.remedy in (None, other.reading.remedy) for other in waiting)


def _asks_to_know(one: Assessment) -> bool:
    return "information" in one.reading.kinds


def _changes(correction: Correction) -> dict[str, object]:
    named = {item.name: getattr(correction, item.name) for item in fields(correction)}
    return {name: value for name, value in named.items() if value is not None}


def _refused(command: Command, attempt: str, code: str, reason: str) -> TriageAttemptRefused:
    return TriageAttemptRefused(case_id=command.case_id, attempt=attempt, reason_code=code, reason=reason)
