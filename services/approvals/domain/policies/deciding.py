"""What the word of somebody with authority leads to: a voice, or the decision that the quorum makes."""

from datetime import datetime
from typing import assert_never

from services.approvals.domain.commands import Approve, CounterOffer, Decision, Reject
from services.approvals.domain.policies import authority, voice
from services.approvals.domain.policies.authority import AuthorityRules, Refusal
from services.approvals.domain.policies.quorum import out_of_reach
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.approvals import (
    ApprovalGiven,
    ExceptionApproved,
    ExceptionCountered,
    ExceptionRejected,
    RejectionGiven,
)
from shared.contracts.event import Fact
from shared.contracts.values import Authority


def spoken(command: Decision, waiting: OpenOrDecided, by: Authority, rules: AuthorityRules) -> list[Fact] | Refusal:
    """Give the facts that a decision with authority leads to, or why it cannot be taken as it is."""
    match command:
        case Approve():
            return _over(command.valid_until, command.now) or _approve(command, waiting, by, rules)
        case Reject():
            return _reject(command, waiting, by)
        case CounterOffer():
            return _over(command.valid_until, command.now) or _counter(command, waiting, by, rules)
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
        valid_until=command.valid_until,
        precedents_seen=command.actor in waiting.shown,
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
            valid_until=min((each.valid_until for each in voices if each.valid_until), default=None),
            precedents_seen=all(each.precedents_seen for each in voices),
        ),
    ]


def _reject(command: Reject, waiting: OpenOrDecided, by: Authority) -> list[Fact]:
    seen = command.actor in waiting.shown
    rejected = ExceptionRejected(
        case_id=command.case_id,
        exception_id=command.exception_id,
        request_id=waiting.requested.request_id,
        decided_by=command.actor,
        on_behalf_of=command.on_behalf_of,
        authority=by,
        reason=command.reason,
        language=waiting.requested.language,
        precedents_seen=seen,
    )
    asked = waiting.quorum
    if asked.kind != "n" or not asked.named:
        return [rejected]
    given = RejectionGiven(
        case_id=command.case_id,
        exception_id=command.exception_id,
        decided_by=command.actor,
        on_behalf_of=command.on_behalf_of,
        authority=by,
        reason=command.reason,
        precedents_seen=seen,
    )
    heard = {*waiting.heard, waiting.requested.proposed_by, command.actor, str(command.on_behalf_of)}
    return [given, rejected] if out_of_reach(asked, len(waiting.voices), heard) else [given]


def _counter(
    command: CounterOffer, waiting: OpenOrDecided, by: Authority, rules: AuthorityRules
) -> list[Fact] | Refusal:
    requested = waiting.requested
    matter = voice.matter_of(requested)._replace(amount=command.amount)
    role = authority.required_now(rules.matrix, waiting.required_role, voice.matter_of(requested))
    if authority.quorum_at(rules.matrix, matter, role).needed > 1:
        return Refusal("quorum_needed", "an offer of this size takes more than one voice")
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
            valid_until=command.valid_until,
            precedents_seen=command.actor in waiting.shown,
        )
    ]


def _over(valid_until: datetime | None, now: datetime) -> Refusal | None:
    if valid_until is None or valid_until > now:
        return None
    return Refusal("validity_over", "valid_until has passed already; name a later instant, or none")
