"""Decides on exceptions: who is let to speak, when that makes a decision, and what silence leads to."""

from typing import assert_never
from uuid import UUID

from services.approvals.domain.commands import (
    Approve,
    Command,
    CounterOffer,
    DeadlinePassed,
    Decision,
    Reject,
    RequestException,
    Withdraw,
)
from services.approvals.domain.policies import authority, voice
from services.approvals.domain.policies.authority import AuthorityRules, Refusal
from services.approvals.domain.state import Exceptions, OpenOrDecided, evolve
from shared.contracts.approvals import (
    ApprovalGiven,
    ApprovalsAttemptRefused,
    ExceptionApproved,
    ExceptionCountered,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.event import Fact
from shared.contracts.values import Authority
from shared.kernel.decider import Decider
from shared.kernel.errors import NotFound

ATTEMPTS: dict[type[Decision | Withdraw], str] = {
    Approve: "approve",
    Reject: "reject",
    CounterOffer: "counter",
    Withdraw: "withdraw",
}


def make_decider(rules: AuthorityRules) -> Decider[Command, Exceptions, Fact]:
    """Give the decider of approvals under the given authority matrix."""
    return Decider(initial=Exceptions(), evolve=evolve, decide=lambda command, state: decide(command, state, rules))


def decide(command: Command, state: Exceptions, rules: AuthorityRules) -> list[Fact]:
    """Give the facts that a command leads to; raises NotFound for an exception that the case does not have."""
    match command:
        case RequestException():
            return _request(command, state, rules)
        case Approve() | Reject() | CounterOffer():
            waiting = _known(state, command.exception_id)
            allowed = voice.may_speak(command, waiting, rules)
            if isinstance(allowed, Refusal):
                return [_refused(command, allowed)]
            return _spoken(command, waiting, allowed, rules)
        case Withdraw():
            return _withdraw(command, _known(state, command.exception_id))
        case DeadlinePassed():
            return [
                _pass_on(command, waiting, rules)
                for waiting in state.by_id.values()
                if waiting.decision is None and waiting.deadline <= command.now
            ]
        case _:
            assert_never(command)


def _request(command: RequestException, state: Exceptions, rules: AuthorityRules) -> list[Fact]:
    if command.exception_id in state.by_id:
        return []
    needed = authority.requirement(rules, command.kind, command.amount, command.now)
    return [
        ExceptionRequested(
            case_id=command.case_id,
            exception_id=command.exception_id,
            request_id=command.request_id,
            kind=command.kind,
            clause=command.clause,
            deviation=command.deviation,
            reason=command.reason,
            proposed_by=command.proposed_by,
            required_role=needed.role,
            quorum=needed.quorum,
            deadline=needed.deadline,
            language=command.language,
            amount=command.amount,
        )
    ]


def _spoken(command: Decision, waiting: OpenOrDecided, by: Authority, rules: AuthorityRules) -> list[Fact]:
    requested = waiting.requested
    match command:
        case Approve():
            return _approve(command, waiting, by, rules)
        case Reject():
            return [
                ExceptionRejected(
                    case_id=command.case_id,
                    exception_id=command.exception_id,
                    request_id=requested.request_id,
                    decided_by=command.actor,
                    on_behalf_of=command.on_behalf_of,
                    authority=by,
                    reason=command.reason,
                    language=requested.language,
                )
            ]
        case CounterOffer():
            if authority.quorum(rules.matrix, requested.kind, command.amount).needed > 1:
                return [_refused(command, Refusal("quorum_needed", "an offer of this size takes more than one voice"))]
            return [
                ExceptionCountered(
                    case_id=command.case_id,
                    exception_id=command.exception_id,
                    request_id=requested.request_id,
                    decided_by=command.actor,
                    on_behalf_of=command.on_behalf_of,
                    authority=by,
                    offer=command.offer,
                    reason=command.reason,
                    language=requested.language,
                    amount=command.amount,
                )
            ]
        case _:
            assert_never(command)


def _approve(command: Approve, waiting: OpenOrDecided, by: Authority, rules: AuthorityRules) -> list[Fact]:
    requested = waiting.requested
    amount = voice.agreed_amount(command, waiting)
    given = ApprovalGiven(
        case_id=command.case_id,
        exception_id=command.exception_id,
        decided_by=command.actor,
        on_behalf_of=command.on_behalf_of,
        authority=by,
        note=command.note,
        conditions=command.conditions,
        amount=amount,
    )
    voices = (*waiting.voices, given)
    if len(voices) < voice.quorum_of(waiting, amount, rules).needed:
        return [given]
    conditions = dict.fromkeys(condition for each in voices for condition in each.conditions)
    return [
        given,
        ExceptionApproved(
            case_id=command.case_id,
            exception_id=command.exception_id,
            request_id=requested.request_id,
            decided_by=tuple(each.decided_by for each in voices),
            on_behalf_of=command.on_behalf_of,
            authority=by,
            deviation=requested.deviation,
            note=command.note,
            language=requested.language,
            conditions=tuple(conditions),
            amount=amount,
        ),
    ]


def _withdraw(command: Withdraw, waiting: OpenOrDecided) -> list[Fact]:
    if waiting.decision is not None:
        return [_refused(command, Refusal("already_decided", "this exception is decided, and a decision stays"))]
    proposer = waiting.requested.proposed_by
    if command.actor != proposer:
        return [_refused(command, Refusal("not_proposer", f"only {proposer} can take this proposal back"))]
    return [
        ExceptionWithdrawn(
            case_id=command.case_id,
            exception_id=command.exception_id,
            request_id=waiting.requested.request_id,
            withdrawn_by=command.actor,
            reason=command.reason,
        )
    ]


def _pass_on(command: DeadlinePassed, waiting: OpenOrDecided, rules: AuthorityRules) -> Fact:
    requested = waiting.requested
    role = authority.required_now(rules.matrix, waiting.required_role, requested.kind, requested.amount)
    above = rules.matrix.roles[role].escalates_to
    if above is None:
        return ExceptionExpired(
            case_id=command.case_id,
            exception_id=requested.exception_id,
            request_id=requested.request_id,
            reason=f"no {role} decided by the deadline, and there is no higher level; the policy stands",
            language=requested.language,
        )
    return ExceptionEscalated(
        case_id=command.case_id,
        exception_id=requested.exception_id,
        from_role=role,
        required_role=above,
        deadline=authority.deadline(rules, above, command.now),
        reason=f"no {role} decided by the deadline",
    )


def _known(state: Exceptions, exception_id: UUID) -> OpenOrDecided:
    known = state.known(exception_id)
    if known is None:
        raise NotFound("this case has no such exception", field="exception_id", fix="list the case's exceptions")
    return known


def _refused(command: Decision | Withdraw, why: Refusal) -> ApprovalsAttemptRefused:
    return ApprovalsAttemptRefused(
        case_id=command.case_id,
        exception_id=command.exception_id,
        attempt=ATTEMPTS[type(command)],
        reason_code=why.code,
        reason=why.reason,
    )
