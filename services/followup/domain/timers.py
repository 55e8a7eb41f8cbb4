"""What followup waits for; whatever fires, everything that is due in the case then happens."""

from datetime import datetime
from uuid import UUID, uuid5

from services.followup.domain.commands import LetTimePass
from shared.contracts.event import CaseFact, Fact, Recorded
from shared.contracts.followup import (
    CaseClosed,
    CaseReopened,
    CaseResolved,
    CheckInScheduled,
    MatterNoted,
    MessageNoted,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.contracts.followup_clocks import ClockMoves, ClocksMoved
from shared.kernel.timers import CancelTimer, SetTimer, Timer, TimerChange


def timers(_event: Recorded, fact: Fact) -> list[TimerChange]:
    """Set and cancel timers: two a promise, and one each a case for silence, check-in, close and its clocks."""
    moves = fact.moves if isinstance(fact, ClocksMoved) else getattr(fact, "clocks", None)
    changes = _of(fact)
    if isinstance(moves, ClockMoves) and isinstance(fact, CaseFact):
        look = moves.look_again_at
        changes.append(
            _cancel(fact.case_id, "clocks") if look is None else _set(fact.case_id, fact.case_id, "clocks", look)
        )
    return changes


def _of(fact: Fact) -> list[TimerChange]:
    match fact:
        case PromiseMade() | PromiseRenegotiated():
            return [
                _set(fact.promise_id, fact.case_id, "promise_at_risk", fact.at_risk_from),
                _set(fact.promise_id, fact.case_id, "promise_broken", fact.due),
            ]
        case PromiseBroken():
            return [_cancel(fact.promise_id, "promise_at_risk")]
        case PromiseKept() | PromiseReleased():
            return [_cancel(fact.promise_id, "promise_at_risk"), _cancel(fact.promise_id, "promise_broken")]
        case MessageNoted() | MatterNoted():
            if fact.quiet_until is None:
                return [_cancel(fact.case_id, "quiet")]
            return [_set(fact.case_id, fact.case_id, "quiet", fact.quiet_until)]
        case CaseResolved():
            return [_cancel(fact.case_id, "quiet"), _set(fact.case_id, fact.case_id, "close", fact.closes_at)]
        case CheckInScheduled():
            return [_set(fact.case_id, fact.case_id, "check_in", fact.due)]
        case CaseReopened():
            return [_cancel(fact.case_id, "check_in"), _cancel(fact.case_id, "close")]
        case CaseClosed():
            return [_cancel(fact.case_id, kind) for kind in ("check_in", "quiet", "close")]
        case _:
            return []


def due(timer: Timer, now: datetime) -> LetTimePass:
    """Give the command of a timer that fired at `now`."""
    return LetTimePass(timer.stream_id, now)


def _set(about: UUID, case_id: UUID, kind: str, at: datetime) -> SetTimer:
    return SetTimer(uuid5(about, kind), case_id, at, kind)


def _cancel(about: UUID, kind: str) -> CancelTimer:
    return CancelTimer(uuid5(about, kind))
