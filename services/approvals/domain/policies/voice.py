"""Whether somebody's word on an exception counts: the checks that every decision passes, in order."""

from collections.abc import Iterable
from typing import assert_never

from services.approvals.domain.commands import Approve, CounterOffer, Decision, Reject
from services.approvals.domain.policies import authority, delegating, four_eyes
from services.approvals.domain.policies.authority import AuthorityRules, Matter, Refusal
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.approvals import ExceptionRequested
from shared.contracts.values import Authority, Money, Quorum


def may_speak(
    command: Decision, waiting: OpenOrDecided, rules: AuthorityRules, limit_stated_by: Iterable[str] = ()
) -> Authority | Refusal:
    """Give the authority that a decision is taken with, or why it cannot be taken."""
    requested, principal = waiting.requested, command.on_behalf_of
    if waiting.decision is not None:
        return Refusal("already_decided", "this exception is decided, and a decision does not change")
    unfair = four_eyes.own_proposal(requested.proposed_by, command.actor, principal)
    if rules.matrix.four_eyes.boundary:
        unfair = unfair or four_eyes.own_limit(limit_stated_by, command.actor, principal)
    unfair = unfair or four_eyes.spoken_already(waiting.heard, command.actor, principal)
    if unfair:
        return unfair
    stake = _amount_at_stake(command, waiting)
    if isinstance(stake, Refusal):
        return stake
    named = quorum_of(waiting, stake, rules).named
    if named and (principal or command.actor) not in named:
        return Refusal("not_named", f"{', '.join(named)} decide on this exception")
    matter = matter_of(requested)._replace(amount=stake)
    required = authority.required_now(rules.matrix, waiting.required_role, matter_of(requested))
    if principal is None:
        return authority.authority(rules.matrix, command.roles, required=required, matter=matter)
    return delegating.for_another(command, waiting, rules, required=required, matter=matter)


def matter_of(requested: ExceptionRequested) -> Matter:
    """Give what an exception is about, as far as authority depends on it."""
    clause = authority.cited(requested.clause)
    return Matter(requested.kind, clause, requested.amount, requested.at_least, requested.proposed_by)


def agreed_amount(command: Approve, waiting: OpenOrDecided) -> Money | None:
    """Give the amount that an approval is about: what earlier voices agreed on, else proposed, else brought in."""
    if waiting.voices:
        return waiting.voices[0].amount
    return waiting.requested.amount or command.amount


def quorum_of(waiting: OpenOrDecided, amount: Money | None, rules: AuthorityRules) -> Quorum:
    """Give the quorum; an amount that the first voice brought in may ask for more voices than its absence did."""
    asked, requested = waiting.quorum, waiting.requested
    if requested.amount is not None or amount is None:
        return asked
    role = authority.required_now(rules.matrix, waiting.required_role, matter_of(requested))
    by_amount = authority.quorum_at(rules.matrix, matter_of(requested)._replace(amount=amount), role)
    return max(asked, by_amount, key=lambda it: it.needed)


def _amount_at_stake(command: Decision, waiting: OpenOrDecided) -> Money | Refusal | None:
    match command:
        case Reject():
            return None
        case CounterOffer():
            return command.amount
        case Approve():
            agreed = agreed_amount(command, waiting)
            if command.amount is not None and command.amount != agreed:
                return Refusal("amount_differs", "the amount is settled; make a counter-offer for another one")
            return agreed
        case _:
            assert_never(command)
