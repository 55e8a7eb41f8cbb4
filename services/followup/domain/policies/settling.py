"""When a case is settled, reopened, asked about and closed."""

from datetime import datetime
from uuid import UUID, uuid5

from services.followup.domain.commands import EndErased, LetTimePass, ResolveCase
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.state import Followup, evolve
from shared.contracts.event import Fact
from shared.contracts.followup import (
    CaseClosed,
    CaseReopened,
    CaseResolved,
    CheckInAsked,
    CheckInScheduled,
    FollowupAttemptRefused,
    PromiseAtRisk,
    PromiseBroken,
    PromiseReleased,
)
from shared.kernel.errors import NotFound

ERASED = "the customer was erased"
NOT_YET_AT_RISK = ("made", "renegotiated")


def quiet_until(state: Followup, rules: FollowupRules) -> datetime | None:
    """Give when the case counts as settled if nobody says anything more; None while something is open."""
    if state.quiet_since is None or not state.settled_but_for_silence:
        return None
    return rules.quiet_until(state.quiet_since)


def reopened(case_id: UUID, state: Followup, reason: str, message_id: UUID | None = None) -> list[Fact]:
    """Give the fact that reopens the case, where it is not open."""
    if state.status == "open":
        return []
    return [CaseReopened(case_id=case_id, reason=reason, message_id=message_id)]


def resolved(case_id: UUID, now: datetime, state: Followup, rules: FollowupRules, *, how: str, by: str) -> list[Fact]:
    """Give the facts that resolve the case; the customer is asked about it unless nothing is new since last time."""
    facts: list[Fact] = [CaseResolved(case_id=case_id, how=how, resolved_by=by, closes_at=rules.closes_at(now))]
    if state.unchecked:
        facts.append(
            CheckInScheduled(
                case_id=case_id,
                check_in_id=uuid5(case_id, f"check-in {now.isoformat()}"),
                due=rules.check_in_due(now),
                about=how,
            )
        )
    return facts


def resolve(command: ResolveCase, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Resolve a case on a person's word, unless we still owe something or somebody still has to decide."""
    if state.customer_id is None:
        raise NotFound("there is no such case here", field="case_id", fix="check the case id")
    if state.status != "open":
        why = (f"already_{state.status}", f"the case is {state.status} already")
    elif state.in_debt:
        why = ("promises_open", "promises to the customer are open; keep or release them first")
    elif state.undecided:
        why = ("exception_open", "an exception waits for its decision; have it decided or withdrawn first")
    else:
        return resolved(command.case_id, command.now, state, rules, how=command.how, by=command.actor)
    return [FollowupAttemptRefused(case_id=command.case_id, attempt="resolve", reason_code=why[0], reason=why[1])]


def let_time_pass(command: LetTimePass, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Give everything that is due at `now`: promises at risk or broken, silence that settles, check-in, close."""
    facts = _promises(command, state)
    for fact in facts:
        state = evolve(state, fact)
    settled_at = quiet_until(state, rules)
    if settled_at is not None and settled_at <= command.now:
        how = "the customer had an answer and said nothing more"
        return [*facts, *resolved(command.case_id, command.now, state, rules, how=how, by="rules")]
    if state.status != "resolved":
        return facts
    asked = state.check_in
    if state.closes_at is not None and state.closes_at <= command.now:
        unanswered = asked is not None and asked.status == "asked"
        reason = "the question whether it is settled stayed unanswered" if unanswered else "nothing more came"
        facts.append(CaseClosed(case_id=command.case_id, reason=reason))
    elif asked is not None and asked.status == "scheduled" and asked.due <= command.now:
        facts.append(CheckInAsked(case_id=command.case_id, check_in_id=asked.check_in_id, language=state.language))
    return facts


def end_erased(command: EndErased, state: Followup) -> list[Fact]:
    """Close the case of a customer who was erased, with all that is still owed to them."""
    if not state.customer_id or state.status == "closed":
        return []
    freed: list[Fact] = [
        PromiseReleased(case_id=command.case_id, promise_id=promise.made.promise_id, reason=ERASED)
        for promise in state.open_promises
    ]
    return [*freed, CaseClosed(case_id=command.case_id, reason=ERASED)]


def _promises(command: LetTimePass, state: Followup) -> list[Fact]:
    facts: list[Fact] = []
    for promise in state.open_promises:
        about = promise.made.promise_id
        if promise.status != "broken" and promise.due <= command.now:
            facts.append(PromiseBroken(case_id=command.case_id, promise_id=about, due=promise.due))
        elif promise.status in NOT_YET_AT_RISK and promise.at_risk_from <= command.now:
            facts.append(PromiseAtRisk(case_id=command.case_id, promise_id=about, due=promise.due))
    return facts
