"""The wording of approvals' facts around decisions: what became of them, precedents, delegations."""

from services.casebook.projections.wording import Said, excerpt, instant, price, says
from shared.contracts import approvals, approvals_after, approvals_delegations


@says(approvals.RejectionGiven)
def _disagreed(fact: approvals.RejectionGiven) -> Said:
    who = f"{fact.decided_by} for {fact.on_behalf_of}" if fact.on_behalf_of else fact.decided_by
    return Said(f"{who} disagreed, by authority of {fact.authority.role}", fact.reason, fact.exception_id)


@says(approvals_after.ExceptionSuperseded)
def _superseded(fact: approvals_after.ExceptionSuperseded) -> Said:
    return Said(f"{fact.proposer} put another proposal in its place", fact.reason, fact.exception_id)


@says(approvals_after.CounterAccepted)
def _accepted(fact: approvals_after.CounterAccepted) -> Said:
    line = f"The customer accepts: {excerpt(fact.offer)}{price(fact.amount)}"
    return Said(line, f"noted by {fact.noted_by}", fact.exception_id)


@says(approvals_after.CounterDeclined)
def _declined(fact: approvals_after.CounterDeclined) -> Said:
    return Said("The customer declines what was offered", f"noted by {fact.noted_by}", fact.exception_id)


@says(approvals_after.ExceptionUsed)
def _used(fact: approvals_after.ExceptionUsed) -> Said:
    return Said(f"{fact.used_by} carried out what was approved", fact.evidence, fact.exception_id)


@says(approvals_after.ExceptionLapsed)
def _lapsed(fact: approvals_after.ExceptionLapsed) -> Said:
    return Said(f"Lapsed: not used by {instant(fact.valid_until)}", fact.reason, fact.exception_id)


@says(approvals_after.BoundaryNoted)
def _boundary(fact: approvals_after.BoundaryNoted) -> Said:
    return Said(f"Noted that {fact.stated_by} stated the limit", None, fact.boundary_id)


@says(approvals_after.PrecedentsShown)
def _precedents(fact: approvals_after.PrecedentsShown) -> Said:
    shown = "; ".join(f"{one.outcome}, {round(one.similarity * 100)} % alike" for one in fact.precedents)
    line = f"{fact.shown_to} was shown {len(fact.precedents)} precedents"
    return Said(line, shown or "nothing like it has been decided", fact.exception_id)


@says(approvals_delegations.DelegationGiven)
def _delegated(fact: approvals_delegations.DelegationGiven) -> Said:
    line = (
        f"{fact.principal} lets {fact.delegate} decide as {fact.role}{price(fact.cap)}"
        f" from {fact.first_day} to {fact.last_day}"
    )
    return Said(line, fact.reason, fact.delegation_id)


@says(approvals_delegations.DelegationEnded)
def _ended(fact: approvals_delegations.DelegationEnded) -> Said:
    return Said(f"{fact.ended_by} ended the delegation", fact.reason, fact.delegation_id)


@says(approvals_delegations.DelegationRefused)
def _refused(fact: approvals_delegations.DelegationRefused) -> Said:
    return Said(f"Refused: {fact.attempt.replace('_', ' ')}", fact.reason, fact.delegation_id)
