"""Approvals' and followup's facts in words."""

from services.casebook.projections.wording import Said, cite, excerpt, price, says, words
from services.casebook.projections.wording import instant as _at
from shared.contracts import approvals, followup
from shared.contracts.values import Authority


@says(approvals.ExceptionRequested)
def _requested(fact: approvals.ExceptionRequested) -> Said:
    line = f"Waits for a {fact.required_role} until {_at(fact.deadline)}: {excerpt(fact.deviation)}{price(fact.amount)}"
    return Said(line, f"{fact.reason} ({cite(fact.clause)})", fact.exception_id)


@says(approvals.ApprovalGiven)
def _voice(fact: approvals.ApprovalGiven) -> Said:
    line = f"{_who(fact.decided_by, fact.on_behalf_of)} agreed, by authority of {_authority(fact.authority)}"
    return Said(line, fact.note, fact.exception_id)


@says(approvals.ExceptionApproved)
def _approved(fact: approvals.ExceptionApproved) -> Said:
    who = _who(", ".join(fact.decided_by), fact.on_behalf_of)
    on = f", on condition: {excerpt('; '.join(fact.conditions))}" if fact.conditions else ""
    return Said(
        f"Approved by {who}: {excerpt(fact.deviation)}{price(fact.amount)}{on}",
        f"{fact.note} (authority of {_authority(fact.authority)})",
        fact.exception_id,
    )


@says(approvals.ExceptionRejected)
def _rejected(fact: approvals.ExceptionRejected) -> Said:
    who = _who(fact.decided_by, fact.on_behalf_of)
    why = f"{fact.reason} (authority of {_authority(fact.authority)})"
    return Said(f"Rejected by {who}", why, fact.exception_id)


@says(approvals.ExceptionCountered)
def _countered(fact: approvals.ExceptionCountered) -> Said:
    line = f"{_who(fact.decided_by, fact.on_behalf_of)} offers instead: {excerpt(fact.offer)}{price(fact.amount)}"
    return Said(line, f"{fact.reason} (authority of {_authority(fact.authority)})", fact.exception_id)


@says(approvals.ExceptionWithdrawn)
def _withdrawn(fact: approvals.ExceptionWithdrawn) -> Said:
    return Said(f"Withdrawn by {fact.withdrawn_by}", fact.reason, fact.exception_id)


@says(approvals.ExceptionEscalated)
def _escalated(fact: approvals.ExceptionEscalated) -> Said:
    line = f"Escalated from {fact.from_role} to {fact.required_role}, until {_at(fact.deadline)}"
    return Said(line, fact.reason, fact.exception_id)


@says(approvals.ExceptionExpired)
def _expired(fact: approvals.ExceptionExpired) -> Said:
    return Said("Nobody decided in time; the policy stands", fact.reason, fact.exception_id)


@says(approvals.ApprovalsAttemptRefused)
def _approvals_refused(fact: approvals.ApprovalsAttemptRefused) -> Said:
    return Said(f"Refused: {words(fact.attempt)}", fact.reason, fact.exception_id)


@says(followup.CaseTakenUp)
def _taken_up(fact: followup.CaseTakenUp) -> Said:
    return Said("Follow-up took the case up", None, fact.customer_id)


@says(followup.MessageNoted)
def _noted(fact: followup.MessageNoted) -> Said:
    return Said("Follow-up noted the message" + (" and its reading" if fact.read else ""), None, fact.message_id)


@says(followup.MatterNoted)
def _matter(fact: followup.MatterNoted) -> Said:
    return Said(f"Follow-up noted the outcome: {words(fact.outcome)}", None, fact.matter_id)


@says(followup.PromiseMade)
def _promised(fact: followup.PromiseMade) -> Said:
    version = f" {fact.backing.version}" if fact.backing.version else ""
    why = f"backed by {fact.backing.kind} {fact.backing.reference}{version}"
    return Said(f"Promised by {_at(fact.due)}: {excerpt(fact.what)}", why, fact.promise_id)


@says(followup.PromiseAtRisk)
def _at_risk(fact: followup.PromiseAtRisk) -> Said:
    return Said(f"The promise due {_at(fact.due)} is at risk", None, fact.promise_id)


@says(followup.PromiseBroken)
def _broken(fact: followup.PromiseBroken) -> Said:
    return Said(f"The promise due {_at(fact.due)} was not kept in time", None, fact.promise_id)


@says(followup.PromiseKept)
def _kept(fact: followup.PromiseKept) -> Said:
    return Said("Promise kept" + (", late" if fact.late else ""), excerpt(fact.evidence), fact.promise_id)


@says(followup.PromiseRenegotiated)
def _renegotiated(fact: followup.PromiseRenegotiated) -> Said:
    return Said(f"Promise moved from {_at(fact.due_before)} to {_at(fact.due)}", fact.reason, fact.promise_id)


@says(followup.PromiseReleased)
def _released(fact: followup.PromiseReleased) -> Said:
    return Said("The customer no longer holds us to the promise", fact.reason, fact.promise_id)


@says(followup.CheckInScheduled)
def _scheduled(fact: followup.CheckInScheduled) -> Said:
    return Said(f"We will ask on {_at(fact.due)} whether it is settled", fact.about, fact.check_in_id)


@says(followup.CheckInAsked)
def _asked(fact: followup.CheckInAsked) -> Said:
    return Said("We asked whether it is settled", None, fact.check_in_id)


@says(followup.CheckInAnswered)
def _answered(fact: followup.CheckInAnswered) -> Said:
    return Said(f"The customer says it is {'settled' if fact.settled else 'not settled'}", None, fact.message_id)


@says(followup.CaseResolved)
def _resolved(fact: followup.CaseResolved) -> Said:
    return Said(f"Resolved by {fact.resolved_by}; closes {_at(fact.closes_at)}", fact.how)


@says(followup.CaseReopened)
def _reopened(fact: followup.CaseReopened) -> Said:
    return Said("Reopened", fact.reason, fact.message_id)


@says(followup.CaseClosed)
def _closed(fact: followup.CaseClosed) -> Said:
    return Said("Closed", fact.reason)


@says(followup.FollowupAttemptRefused)
def _followup_refused(fact: followup.FollowupAttemptRefused) -> Said:
    return Said(f"Refused: {words(fact.attempt)}", fact.reason, fact.promise_id)


def _who(decided_by: str, on_behalf_of: str | None) -> str:
    return f"{decided_by} for {on_behalf_of}" if on_behalf_of else decided_by


def _authority(authority: Authority) -> str:
    limit = f" up to {authority.limit.amount} {authority.limit.currency}" if authority.limit else ""
    return f"{authority.role}{limit}, matrix {authority.matrix}"
