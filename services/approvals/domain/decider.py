"""Decides on exceptions: who is let to speak, when that makes a decision, and what silence leads to."""

from typing import assert_never
from uuid import UUID

from services.approvals.domain.commands import (
    AnswerCounter,
    Approve,
    Command,
    CounterOffer,
    DeadlinePassed,
    DecideDispute,
    Decision,
    EndDelegation,
    GiveDelegation,
    NoteBoundary,
    PersonsCommand,
    Reject,
    RequestException,
    ShowPrecedents,
    Supersede,
    UseException,
    ValidityEnded,
    Withdraw,
)
from services.approvals.domain.policies import aftermath, authority, deciding, delegating, disputes, proposing, voice
from services.approvals.domain.policies.authority import AuthorityRules, Refusal
from services.approvals.domain.policies.precedents import without_words
from services.approvals.domain.state import Exceptions, OpenOrDecided, evolve
from shared.contracts.approvals import ApprovalsAttemptRefused, ExceptionEscalated, ExceptionExpired
from shared.contracts.approvals_after import BoundaryNoted, PrecedentsShown
from shared.contracts.event import Fact
from shared.kernel.decider import Decider
from shared.kernel.errors import NotFound

ATTEMPTS: dict[type[PersonsCommand], str] = {
    Approve: "approve",
    Reject: "reject",
    CounterOffer: "counter",
    Withdraw: "withdraw",
    Supersede: "supersede",
    AnswerCounter: "answer_counter",
    UseException: "use",
    ShowPrecedents: "show_precedents",
}


def make_decider(rules: AuthorityRules) -> Decider[Command, Exceptions, Fact]:
    """Give the decider of approvals under the given authority matrix."""
    return Decider(initial=Exceptions(), evolve=evolve, decide=lambda command, state: decide(command, state, rules))


def decide(command: Command, state: Exceptions, rules: AuthorityRules) -> list[Fact]:
    """Give the facts that a command leads to; raises NotFound for an exception or delegation that is not there."""
    match command:
        case RequestException():
            return proposing.request(command, state, rules)
        case NoteBoundary():
            return _note(command, state)
        case DecideDispute():
            return disputes.decide_dispute(command, state, rules)
        case DeadlinePassed():
            return [
                _pass_on(command, waiting, rules)
                for waiting in state.by_id.values()
                if waiting.decision is None and waiting.deadline <= command.now
            ]
        case ValidityEnded():
            return [fact for waiting in state.by_id.values() for fact in aftermath.lapsed(command, waiting)]
        case GiveDelegation():
            return delegating.give(command, state, rules)
        case EndDelegation():
            return delegating.end(command, state, rules)
        case _:
            led_to = _by_person(command, _known(state, command.exception_id), state, rules)
            return [_refused(command, led_to)] if isinstance(led_to, Refusal) else led_to


def _by_person(
    command: PersonsCommand, waiting: OpenOrDecided, state: Exceptions, rules: AuthorityRules
) -> list[Fact] | Refusal:
    match command:
        case Approve() | Reject() | CounterOffer():
            return _decided(command, waiting, state, rules)
        case Withdraw():
            return proposing.withdraw(command, waiting)
        case Supersede():
            return proposing.supersede(command, waiting, state, rules)
        case AnswerCounter():
            return aftermath.answered(command, waiting)
        case UseException():
            return aftermath.used(command, waiting)
        case ShowPrecedents():
            return _shown(command, waiting)
        case _:
            assert_never(command)


def _decided(
    command: Decision, waiting: OpenOrDecided, state: Exceptions, rules: AuthorityRules
) -> list[Fact] | Refusal:
    limit_stated_by = state.limit_stated_by(waiting.requested.request_id)
    by = voice.may_speak(command, waiting, rules, limit_stated_by)
    return by if isinstance(by, Refusal) else deciding.spoken(command, waiting, by, rules)


def _note(command: NoteBoundary, state: Exceptions) -> list[Fact]:
    if command.stated_by in state.limit_stated_by(command.request_id):
        return []
    return [
        BoundaryNoted(
            case_id=command.case_id,
            boundary_id=command.boundary_id,
            request_id=command.request_id,
            stated_by=command.stated_by,
        )
    ]


def _shown(command: ShowPrecedents, waiting: OpenOrDecided) -> list[Fact]:
    before = waiting.shown.get(command.actor)
    shown = without_words(command.precedents)
    if before is not None and without_words(before.precedents) == shown:
        return []
    return [
        PrecedentsShown(
            case_id=command.case_id,
            exception_id=command.exception_id,
            shown_to=command.actor,
            precedents=shown,
        )
    ]


def _pass_on(command: DeadlinePassed, waiting: OpenOrDecided, rules: AuthorityRules) -> Fact:
    requested = waiting.requested
    matter = voice.matter_of(requested)
    role = authority.required_now(rules.matrix, waiting.required_role, matter)
    above = rules.matrix.roles[role].escalates_to
    if above is None:
        return ExceptionExpired(
            case_id=command.case_id,
            exception_id=requested.exception_id,
            request_id=requested.request_id,
            reason=f"no {role} decided by the deadline, and there is no higher level; the policy stands",
            language=requested.language,
        )
    there = authority.quorum_at(rules.matrix, matter, above)
    return ExceptionEscalated(
        case_id=command.case_id,
        exception_id=requested.exception_id,
        from_role=role,
        required_role=above,
        deadline=authority.deadline(rules, above, command.now),
        reason=f"no {role} decided by the deadline",
        quorum=None if there == authority.quorum_at(rules.matrix, matter, role) else there,
    )


def _known(state: Exceptions, exception_id: UUID) -> OpenOrDecided:
    known = state.known(exception_id)
    if known is None:
        raise NotFound("this case has no such exception", field="exception_id", fix="list the case's exceptions")
    return known


def _refused(command: PersonsCommand, why: Refusal) -> ApprovalsAttemptRefused:
    return ApprovalsAttemptRefused(
        case_id=command.case_id,
        exception_id=command.exception_id,
        attempt=ATTEMPTS[type(command)],
        reason_code=why.code,
        reason=why.reason,
    )
