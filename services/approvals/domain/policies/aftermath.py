"""What becomes of a decision: an offer taken or declined, an approval used, or both lapsed."""

from services.approvals.domain.commands import AnswerCounter, UseException, ValidityEnded
from services.approvals.domain.policies.authority import Refusal
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.approvals import ExceptionApproved, ExceptionCountered
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionLapsed, ExceptionUsed
from shared.contracts.event import Fact


def answered(command: AnswerCounter, waiting: OpenOrDecided) -> list[Fact] | Refusal:
    """Note what the customer says to a counter-offer, in which message."""
    offered = waiting.decision
    if not isinstance(offered, ExceptionCountered):
        return Refusal("not_countered", "nothing was offered instead on this exception")
    late = _settled(command, waiting)
    if late:
        return late
    if not command.accepted:
        return [
            CounterDeclined(
                case_id=command.case_id,
                exception_id=command.exception_id,
                request_id=offered.request_id,
                noted_by=command.actor,
                message_id=command.message_id,
            )
        ]
    return [
        CounterAccepted(
            case_id=command.case_id,
            exception_id=command.exception_id,
            request_id=offered.request_id,
            noted_by=command.actor,
            message_id=command.message_id,
            offer=offered.offer,
            amount=offered.amount,
        )
    ]


def used(command: UseException, waiting: OpenOrDecided) -> list[Fact] | Refusal:
    """Note that what was approved has been carried out."""
    if not isinstance(waiting.decision, ExceptionApproved):
        return Refusal("not_approved", "this exception is not approved, so there is nothing to carry out")
    return _settled(command, waiting) or [
        ExceptionUsed(
            case_id=command.case_id,
            exception_id=command.exception_id,
            request_id=waiting.requested.request_id,
            used_by=command.actor,
            evidence=command.evidence,
        )
    ]


def lapsed(command: ValidityEnded, waiting: OpenOrDecided) -> list[Fact]:
    """Let an approval or an offer lapse that was good until `now` at most and was not used."""
    until = waiting.valid_until
    if until is None or until > command.now or waiting.after is not None:
        return []
    what = "what was offered was not taken" if isinstance(waiting.decision, ExceptionCountered) else "it was not used"
    return [
        ExceptionLapsed(
            case_id=command.case_id,
            exception_id=waiting.requested.exception_id,
            request_id=waiting.requested.request_id,
            valid_until=until,
            reason=f"{what} by the end of its validity; the policy stands",
        )
    ]


def _settled(command: AnswerCounter | UseException, waiting: OpenOrDecided) -> Refusal | None:
    if waiting.after is not None:
        return Refusal("already_settled", "what became of this decision is on record already")
    until = waiting.valid_until
    if until is not None and until <= command.now:
        return Refusal("validity_over", "its validity has ended; propose a new exception")
    return None
