"""Whether somebody's word on an exception counts: the checks that every decision passes, in order."""

from typing import assert_never

from services.approvals.domain.commands import Approve, CounterOffer, Decision, Reject
from services.approvals.domain.policies import authority, four_eyes
from services.approvals.domain.policies.authority import AuthorityRules, Refusal
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.values import Authority, Money, Quorum


def may_speak(command: Decision, waiting: OpenOrDecided, rules: AuthorityRules) -> Authority | Refusal:
    """Give the authority that a decision is taken with, or why it cannot be taken."""
    requested, principal = waiting.requested, command.on_behalf_of
    if waiting.decision is not None:
        return Refusal("already_decided", "this exception is decided, and a decision does not change")
    unfair = four_eyes.own_proposal(requested.proposed_by, command.actor, principal)
    unfair = unfair or four_eyes.spoken_already(waiting.heard, command.actor, principal)
    if unfair:
        return unfair
    roles: tuple[str, ...] | Refusal = command.roles
    if principal is not None:
        roles = authority.delegated_roles(
            rules, principal=principal, delegate=command.actor, kind=requested.kind, now=command.now
        )
        if isinstance(roles, Refusal):
            return roles
    quorum, speaker = requested.quorum, principal or command.actor
    if quorum.kind == "all" and speaker not in quorum.named and not waiting.escalated:
        return Refusal("not_named", f"{', '.join(quorum.named)} decide on this exception, each of them")
    amount = _amount_at_stake(command, waiting)
    if isinstance(amount, Refusal):
        return amount
    role = authority.required_now(rules.matrix, waiting.required_role, requested.kind, requested.amount)
    return authority.authority(rules.matrix, roles, required=role, kind=requested.kind, amount=amount)


def agreed_amount(command: Approve, waiting: OpenOrDecided) -> Money | None:
    """Give the amount that an approval is about: what earlier voices agreed on, else proposed, else brought in."""
    if waiting.voices:
        return waiting.voices[0].amount
    return waiting.requested.amount or command.amount


def quorum_of(waiting: OpenOrDecided, amount: Money | None, rules: AuthorityRules) -> Quorum:
    """Give the quorum; an amount that the first voice brought in may ask for more voices than its absence did."""
    asked = waiting.requested.quorum
    if waiting.requested.amount is not None or amount is None:
        return asked
    return max(asked, authority.quorum(rules.matrix, waiting.requested.kind, amount), key=lambda it: it.needed)


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
