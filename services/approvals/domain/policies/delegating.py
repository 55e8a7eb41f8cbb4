"""Deciding for somebody else: who may delegate what, and what a delegation lets the delegate do. No cascade."""

from collections.abc import Iterable
from typing import assert_never

from services.approvals.domain.commands import Approve, CounterOffer, Decision, EndDelegation, GiveDelegation, Reject
from services.approvals.domain.policies import authority
from services.approvals.domain.policies.authority import AuthorityRules, Matter, Refusal, money
from services.approvals.domain.policies.matrix_parts import Delegation, covers
from services.approvals.domain.state import Exceptions, OpenOrDecided
from shared.contracts.approvals_delegations import DelegationEnded, DelegationGiven, DelegationRefused
from shared.contracts.event import Fact
from shared.contracts.values import Authority, Money
from shared.kernel.errors import NotFound

Entry = Delegation | DelegationGiven


def for_another(
    command: Decision, waiting: OpenOrDecided, rules: AuthorityRules, *, required: str, matter: Matter
) -> Authority | Refusal:
    """Give the authority of a decision for `command.on_behalf_of`, or why it cannot be taken.

    Only what the principal gave to the actor directly counts; the actor's own roles, and what somebody gave to the
    principal, do not.
    """
    found = _given(command, waiting, rules)
    if isinstance(found, Refusal):
        return found
    refusal: Refusal | None = None
    for entry in sorted(found, key=lambda entry: rules.matrix.roles[entry.role].level):
        by = _above_cap(command, waiting, entry.cap) or authority.authority(
            rules.matrix, [entry.role], required=required, matter=matter
        )
        if isinstance(by, Authority):
            given = entry.delegation_id if isinstance(entry, DelegationGiven) else None
            return by.model_copy(update={"delegation": given})
        refusal = by
    assert refusal is not None
    return refusal


def entries(rules: AuthorityRules, given: Iterable[DelegationGiven]) -> list[Entry]:
    """Give the matrix's delegations and those that people gave."""
    return [*rules.matrix.delegations, *given]


def give(command: GiveDelegation, state: Exceptions, rules: AuthorityRules) -> list[Fact]:
    """Let somebody decide with a role that the caller's own token carries; what was delegated is not passed on."""
    if state.delegation is not None:
        return []
    refusal = _may_give(command, rules)
    if refusal:
        return [_refused(command, "give_delegation", refusal)]
    return [
        DelegationGiven(
            delegation_id=command.delegation_id,
            principal=command.actor,
            delegate=command.delegate,
            role=command.role,
            kinds=command.kinds,
            clauses=command.clauses,
            first_day=command.first_day,
            last_day=command.last_day,
            reason=command.reason,
            cap=command.cap,
        )
    ]


def end(command: EndDelegation, state: Exceptions, rules: AuthorityRules) -> list[Fact]:
    """End a delegation, in the name of either of its people or of the highest level."""
    given = state.delegation
    if given is None:
        raise NotFound("there is no such delegation", field="delegation_id", fix="list the delegations")
    if state.delegation_ended:
        return []
    matrix = rules.matrix
    highest = any(role in matrix.roles and matrix.roles[role].level == matrix.top_level for role in command.roles)
    if command.actor not in (given.principal, given.delegate) and not highest:
        reason = f"only {given.principal}, {given.delegate} or the highest level ends this delegation"
        return [_refused(command, "end_delegation", Refusal("not_yours", reason))]
    return [DelegationEnded(delegation_id=command.delegation_id, ended_by=command.actor, reason=command.reason)]


def _may_give(command: GiveDelegation, rules: AuthorityRules) -> Refusal | None:
    if command.role not in rules.matrix.roles:
        known = ", ".join(rules.matrix.roles)
        return Refusal("unknown_role", f"the matrix has no role {command.role}; it has {known}")
    if command.role not in command.roles:
        return Refusal(
            "role_not_held",
            f"{command.actor} does not hold the role {command.role}, and what was delegated cannot be passed on",
        )
    if command.delegate == command.actor:
        return Refusal("own_delegate", "nobody needs a delegation for themselves")
    if command.last_day < max(command.first_day, rules.calendar.local_date(command.now)):
        return Refusal("already_over", "the last day is before the first day or before today")
    return None


def _given(command: Decision, waiting: OpenOrDecided, rules: AuthorityRules) -> list[Entry] | Refusal:
    principal, delegate, requested = command.on_behalf_of, command.actor, waiting.requested
    every = entries(rules, command.delegations)
    between = [entry for entry in every if (entry.principal, entry.delegate) == (principal, delegate)]
    if not between or principal == delegate:
        return Refusal("no_delegation", f"{principal} has not delegated decisions to {delegate}")
    today = rules.calendar.local_date(command.now)
    in_force = [entry for entry in between if entry.first_day <= today <= entry.last_day]
    if not in_force:
        return Refusal("delegation_not_in_force", f"the delegation of {principal} to {delegate} is not in force today")
    clause = authority.cited(requested.clause)
    fitting = [
        entry
        for entry in in_force
        if covers(entry.kinds, requested.kind) and covers(entry.clauses, clause) and entry.role in rules.matrix.roles
    ]
    what = f"demands of kind {requested.kind} from clause {clause}"
    return fitting or Refusal("no_delegation", f"{principal} has not delegated {what} to {delegate}")


def _above_cap(command: Decision, waiting: OpenOrDecided, cap: Money | None) -> Refusal | None:
    """Refuse what goes beyond the cap: the amount proposed, the one brought in, and one that nobody names."""
    if cap is None:
        return None
    amounts = [waiting.requested.amount, *(voice.amount for voice in waiting.voices[:1])]
    match command:
        case Approve(amount=amount):
            amounts.append(amount)
            needed = True
        case CounterOffer(amount=amount):
            amounts = [waiting.requested.amount, amount]
            needed = amount is None
        case Reject():
            needed = False
        case _:
            assert_never(command)
    named = [amount for amount in amounts if amount is not None]
    if needed and (not named or (isinstance(command, CounterOffer) and command.amount is None)):
        return Refusal("above_cap", f"the delegation ends at {money(cap)}: name the amount")
    beyond = [one for one in named if one.currency != cap.currency or one.amount > cap.amount]
    if beyond:
        return Refusal("above_cap", f"{money(beyond[0])} is beyond the {money(cap)} that were delegated")
    return None


def _refused(command: GiveDelegation | EndDelegation, attempt: str, why: Refusal) -> DelegationRefused:
    return DelegationRefused(
        delegation_id=command.delegation_id, attempt=attempt, reason_code=why.code, reason=why.reason
    )
