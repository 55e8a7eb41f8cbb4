"""Which deadlines approvals waits for, and the command that a passed one gives."""

from datetime import datetime
from uuid import UUID, uuid5

from services.approvals.domain.commands import DeadlinePassed, ValidityEnded
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionSuperseded, ExceptionUsed
from shared.contracts.event import Fact, Recorded
from shared.kernel.timers import CancelTimer, SetTimer, Timer, TimerChange

KIND = "exception_deadline"
VALIDITY = "exception_validity"


def timers(_event: Recorded, fact: Fact) -> list[TimerChange]:
    """Set one timer an exception, moved when it is escalated, cancelled when it is decided.

    A decision that is good until some instant sets another one, which its use cancels.
    """
    match fact:
        case ExceptionRequested() | ExceptionEscalated():
            return [SetTimer(_timer_id(fact.exception_id, KIND), fact.case_id, fact.deadline, KIND)]
        case ExceptionApproved() | ExceptionCountered():
            decided: list[TimerChange] = [CancelTimer(_timer_id(fact.exception_id, KIND))]
            if fact.valid_until is not None:
                timer_id = _timer_id(fact.exception_id, VALIDITY)
                decided.append(SetTimer(timer_id, fact.case_id, fact.valid_until, VALIDITY))
            return decided
        case ExceptionRejected() | ExceptionWithdrawn() | ExceptionExpired() | ExceptionSuperseded():
            return [CancelTimer(_timer_id(fact.exception_id, KIND))]
        case ExceptionUsed() | CounterAccepted() | CounterDeclined():
            return [CancelTimer(_timer_id(fact.exception_id, VALIDITY))]
        case _:
            return []


def due(timer: Timer, now: datetime) -> DeadlinePassed | ValidityEnded:
    """Give the command of a timer that fired at `now`."""
    if timer.kind == VALIDITY:
        return ValidityEnded(case_id=timer.stream_id, now=now)
    return DeadlinePassed(case_id=timer.stream_id, now=now)


def _timer_id(exception_id: UUID, kind: str) -> UUID:
    return uuid5(exception_id, kind)
