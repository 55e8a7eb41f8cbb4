"""Which deadlines approvals waits for, and the command that a passed one gives."""

from datetime import datetime
from uuid import UUID, uuid5

from services.approvals.domain.commands import DeadlinePassed
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.event import Fact, Recorded
from shared.kernel.timers import CancelTimer, SetTimer, Timer, TimerChange

KIND = "exception_deadline"


def timers(_event: Recorded, fact: Fact) -> list[TimerChange]:
    """Set one timer an exception, moved when it is escalated, cancelled when it is decided."""
    match fact:
        case ExceptionRequested() | ExceptionEscalated():
            return [SetTimer(_timer_id(fact.exception_id), fact.case_id, fact.deadline, KIND)]
        case (
            ExceptionApproved() | ExceptionRejected() | ExceptionCountered() | ExceptionWithdrawn() | ExceptionExpired()
        ):
            return [CancelTimer(_timer_id(fact.exception_id))]
        case _:
            return []


def due(timer: Timer, now: datetime) -> DeadlinePassed:
    """Give the command of a timer that fired at `now`."""
    return DeadlinePassed(case_id=timer.stream_id, now=now)


def _timer_id(exception_id: UUID) -> UUID:
    return uuid5(exception_id, KIND)
