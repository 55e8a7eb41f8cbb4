"""What waits for whose decision, and what was decided? One row an exception, written by approvals alone."""

import json
from collections.abc import Sequence

from services.casebook.projections.projection import Projection
from services.casebook.tables import APPROVAL_INBOX
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
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionLapsed, ExceptionSuperseded
from shared.contracts.event import Recorded
from shared.contracts.values import Authority, Money
from shared.eventstore.readmodel import Change

approval_inbox = Projection("approval_inbox", APPROVAL_INBOX)


@approval_inbox.on(ExceptionRequested)
def _requested(event: Recorded, fact: ExceptionRequested) -> Sequence[Change]:
    row: dict[str, object] = {
        "case_id": fact.case_id,
        "request_id": fact.request_id,
        "kind": fact.kind,
        "policy": fact.clause.policy,
        "policy_version": fact.clause.version,
        "clause": fact.clause.clause,
        "clause_text": fact.clause.text,
        "deviation": fact.deviation,
        "reason": fact.reason,
        "proposed_by": fact.proposed_by,
        "required_role": fact.required_role,
        "language": fact.language,
        "quorum": fact.quorum.kind,
        "voices_needed": fact.quorum.needed,
        "requested_at": event.recorded_at,
        "deadline": fact.deadline,
        "amount": fact.amount and fact.amount.amount,
        "currency": fact.amount and fact.amount.currency,
        "state": "requested",
    }
    return (Change(APPROVAL_INBOX, (fact.exception_id,), row),)


@approval_inbox.on(ApprovalGiven)
def _voice(_event: Recorded, fact: ApprovalGiven) -> Sequence[Change]:
    return (Change(APPROVAL_INBOX, (fact.exception_id,), add={"voices": 1}),)


@approval_inbox.on(ExceptionEscalated)
def _escalated(_event: Recorded, fact: ExceptionEscalated) -> Sequence[Change]:
    now: dict[str, object] = {"required_role": fact.required_role, "deadline": fact.deadline}
    if fact.quorum is not None:
        now |= {"quorum": fact.quorum.kind, "voices_needed": fact.quorum.needed}
    return (Change(APPROVAL_INBOX, (fact.exception_id,), now, add={"escalations": 1}),)


@approval_inbox.on(ExceptionApproved)
def _approved(event: Recorded, fact: ExceptionApproved) -> Sequence[Change]:
    row = _decision(event, "approved", fact.decided_by, fact.note)
    row |= _authority(fact.authority, fact.on_behalf_of) | _amount(fact.amount)
    row["conditions"] = json.dumps(fact.conditions)
    return (Change(APPROVAL_INBOX, (fact.exception_id,), row),)


@approval_inbox.on(ExceptionRejected)
def _rejected(event: Recorded, fact: ExceptionRejected) -> Sequence[Change]:
    row = _decision(event, "rejected", (fact.decided_by,), fact.reason)
    return (Change(APPROVAL_INBOX, (fact.exception_id,), row | _authority(fact.authority, fact.on_behalf_of)),)


@approval_inbox.on(ExceptionCountered)
def _countered(event: Recorded, fact: ExceptionCountered) -> Sequence[Change]:
    row = _decision(event, "countered", (fact.decided_by,), fact.reason)
    row |= _authority(fact.authority, fact.on_behalf_of) | _amount(fact.amount)
    row["offer"] = fact.offer
    return (Change(APPROVAL_INBOX, (fact.exception_id,), row),)


@approval_inbox.on(ExceptionWithdrawn)
def _withdrawn(event: Recorded, fact: ExceptionWithdrawn) -> Sequence[Change]:
    row = _decision(event, "withdrawn", (fact.withdrawn_by,), fact.reason)
    return (Change(APPROVAL_INBOX, (fact.exception_id,), row),)


@approval_inbox.on(ExceptionExpired)
def _expired(event: Recorded, fact: ExceptionExpired) -> Sequence[Change]:
    return (Change(APPROVAL_INBOX, (fact.exception_id,), _decision(event, "expired", (), fact.reason)),)


@approval_inbox.on(ExceptionSuperseded)
def _superseded(event: Recorded, fact: ExceptionSuperseded) -> Sequence[Change]:
    row = _decision(event, "superseded", (fact.proposer,), fact.reason)
    return (Change(APPROVAL_INBOX, (fact.exception_id,), row),)


@approval_inbox.on(CounterAccepted)
def _accepted(_event: Recorded, fact: CounterAccepted) -> Sequence[Change]:
    return (Change(APPROVAL_INBOX, (fact.exception_id,), {"state": "accepted"}),)


@approval_inbox.on(CounterDeclined)
def _declined(_event: Recorded, fact: CounterDeclined) -> Sequence[Change]:
    return (Change(APPROVAL_INBOX, (fact.exception_id,), {"state": "declined"}),)


@approval_inbox.on(ExceptionLapsed)
def _lapsed(_event: Recorded, fact: ExceptionLapsed) -> Sequence[Change]:
    return (Change(APPROVAL_INBOX, (fact.exception_id,), {"state": "lapsed"}),)


@approval_inbox.on(ApprovalsAttemptRefused)
def _refused(_event: Recorded, fact: ApprovalsAttemptRefused) -> Sequence[Change]:
    if fact.exception_id is None:
        return ()
    return (Change(APPROVAL_INBOX, (fact.exception_id,), add={"attempts_refused": 1}),)


def _decision(event: Recorded, state: str, decided_by: tuple[str, ...], note: str) -> dict[str, object]:
    return {"state": state, "decided_by": json.dumps(decided_by), "decided_at": event.recorded_at, "note": note}


def _authority(authority: Authority, on_behalf_of: str | None) -> dict[str, object]:
    return {
        "on_behalf_of": on_behalf_of,
        "authority_role": authority.role,
        "authority_matrix": authority.matrix,
    }


def _amount(money: Money | None) -> dict[str, object]:
    return {"granted_amount": money and money.amount, "granted_currency": money and money.currency}
