"""What happens to a proposal before anybody decides: requested, replaced by another, taken back. Never edited."""

from services.approvals.domain.commands import RequestException, Supersede, Withdraw
from services.approvals.domain.policies import authority, voice
from services.approvals.domain.policies.authority import AuthorityRules, Matter, Refusal
from services.approvals.domain.state import Exceptions, OpenOrDecided
from shared.contracts.approvals import ExceptionRequested, ExceptionWithdrawn
from shared.contracts.approvals_after import ExceptionSuperseded
from shared.contracts.event import Fact


def request(command: RequestException, state: Exceptions, rules: AuthorityRules) -> list[Fact]:
    """Let an exception wait for whoever may decide on it; one seen before changes nothing."""
    if command.exception_id in state.by_id:
        return []
    clause = authority.cited(command.clause)
    matter = Matter(command.kind, clause, command.amount, command.role, command.proposed_by)
    needed = authority.requirement(rules, matter, command.now)
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
            facts=command.facts,
            at_least=command.role,
            why=needed.why,
        )
    ]


def supersede(
    command: Supersede, waiting: OpenOrDecided, state: Exceptions, rules: AuthorityRules
) -> list[Fact] | Refusal:
    """Put another proposal in the place of the proposer's own; the old one stays on record and is never decided."""
    old = waiting.requested
    refusal = _not_yours(command, waiting, "replace")
    if refusal:
        return refusal
    if command.superseded_by in state.by_id:
        return Refusal("known_exception", "an exception with the new id is there already; use a new id")
    new = old.model_copy(
        update={
            "exception_id": command.superseded_by,
            "deviation": command.deviation or old.deviation,
            "reason": command.reason,
            "amount": command.amount or old.amount,
            "supersedes": old.exception_id,
        }
    )
    if (new.deviation, new.reason, new.amount) == (old.deviation, old.reason, old.amount):
        return Refusal("nothing_new", "the new proposal says what the old one says; change something")
    needed = authority.requirement(rules, voice.matter_of(new), command.now)
    # A deadline that was missed once is not won back by writing the proposal anew.
    role = _higher(waiting.required_role, needed.role, rules) if waiting.escalated else needed.role
    return [
        ExceptionSuperseded(
            case_id=command.case_id,
            exception_id=old.exception_id,
            request_id=old.request_id,
            superseded_by=command.superseded_by,
            proposer=command.actor,
            reason=command.reason,
        ),
        new.model_copy(
            update={
                "required_role": role,
                "quorum": authority.quorum_at(rules.matrix, voice.matter_of(new), role),
                "deadline": authority.deadline(rules, role, command.now),
                "why": needed.why if role == needed.role else f"{role} decided on the proposal that this one replaces",
            }
        ),
    ]


def withdraw(command: Withdraw, waiting: OpenOrDecided) -> list[Fact] | Refusal:
    """Take the proposer's own proposal back."""
    return _not_yours(command, waiting, "take back") or [
        ExceptionWithdrawn(
            case_id=command.case_id,
            exception_id=command.exception_id,
            request_id=waiting.requested.request_id,
            withdrawn_by=command.actor,
            reason=command.reason,
        )
    ]


def _not_yours(command: Supersede | Withdraw, waiting: OpenOrDecided, what: str) -> Refusal | None:
    if waiting.decision is not None:
        return Refusal("already_decided", "this exception is decided, and a decision stays")
    proposer = waiting.requested.proposed_by
    if command.actor != proposer:
        return Refusal("not_proposer", f"only {proposer} can {what} this proposal")
    return None


def _higher(one: str, other: str, rules: AuthorityRules) -> str:
    roles = rules.matrix.roles
    return one if one in roles and roles[one].level > roles[other].level else other
