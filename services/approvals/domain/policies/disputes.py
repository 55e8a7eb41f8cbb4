"""Deciding between two customers: by somebody with authority who took no part, once the other side could answer."""

from services.approvals.domain.commands import DecideDispute
from services.approvals.domain.policies import authority
from services.approvals.domain.policies.authority import AuthorityRules, Matter, Refusal
from services.approvals.domain.state import Exceptions
from shared.contracts.approvals import ApprovalsAttemptRefused
from shared.contracts.approvals_disputes import DisputeDecided
from shared.contracts.event import Fact
from shared.contracts.values import Authority

MATTER = Matter("customer_dispute")


def decide_dispute(command: DecideDispute, state: Exceptions, rules: AuthorityRules) -> list[Fact]:
    """Give the one decision that both are told, or the refusal that is on record."""
    hearing = command.hearing
    by = _may_decide(command, state, rules)
    if isinstance(by, Refusal) or hearing.respondent_id is None:
        why = by if isinstance(by, Refusal) else Refusal("no_respondent", "the other side is not named yet")
        return [
            ApprovalsAttemptRefused(
                case_id=command.case_id, attempt="decide_dispute", reason_code=why.code, reason=why.reason
            )
        ]
    return [
        DisputeDecided(
            case_id=command.case_id,
            dispute_id=hearing.dispute_id,
            claimant_id=hearing.claimant_id,
            respondent_id=hearing.respondent_id,
            outcome=command.outcome,
            reason=command.reason,
            heard=hearing.heard,
            decided_by=command.actor,
            authority=by,
            to_claimant=command.to_claimant,
            to_respondent=command.to_respondent,
        )
    ]


def _may_decide(command: DecideDispute, state: Exceptions, rules: AuthorityRules) -> Authority | Refusal:
    hearing = command.hearing
    if hearing.dispute_id in state.disputes:
        decided_by = state.disputes[hearing.dispute_id].decided_by
        return Refusal("already_decided", f"{decided_by} has decided this dispute; there is one decision")
    if command.actor in {decided.decided_by for decided in state.disputes.values()}:
        return Refusal("own_decision", f"{command.actor} decided before between them; somebody else must look at it")
    if command.actor in hearing.involved:
        return Refusal("took_part", f"{command.actor} took part in this dispute; somebody else must decide it")
    required, _ = authority.lowest_role(rules.matrix, MATTER)
    by = authority.authority(rules.matrix, command.roles, required=required, matter=MATTER)
    if isinstance(by, Refusal):
        return by
    in_time = hearing.state_by is None or command.now < hearing.state_by
    if hearing.respondent_id is not None and not hearing.heard and in_time:
        return Refusal("not_heard", f"the other side can still answer until {hearing.state_by}")
    return by
