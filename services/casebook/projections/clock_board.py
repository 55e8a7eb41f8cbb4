"""Which clocks run, when do they run out, who has it, and who was told? One row a clock, written by followup alone."""

from collections.abc import Sequence
from uuid import UUID

from services.casebook.projections.projection import Projection
from services.casebook.tables import CLOCK_BOARD
from shared.contracts.event import Recorded
from shared.contracts.followup import CaseTakenUp, MatterNoted, MessageNoted
from shared.contracts.followup_clocks import ClockChange, ClockMoves, ClocksMoved
from shared.eventstore.readmodel import Change

STATES = {
    "started": "running",
    "resumed": "running",
    "paused": "paused",
    "met": "met",
    "cancelled": "cancelled",
}

clock_board = Projection("clock_board", CLOCK_BOARD)


@clock_board.on(CaseTakenUp)
def _taken_up(_event: Recorded, fact: CaseTakenUp) -> Sequence[Change]:
    return _rows(fact.case_id, fact.clocks)


@clock_board.on(MessageNoted)
def _message(_event: Recorded, fact: MessageNoted) -> Sequence[Change]:
    return _rows(fact.case_id, fact.clocks)


@clock_board.on(MatterNoted)
def _matter(_event: Recorded, fact: MatterNoted) -> Sequence[Change]:
    return _rows(fact.case_id, fact.clocks)


@clock_board.on(ClocksMoved)
def _moved(_event: Recorded, fact: ClocksMoved) -> Sequence[Change]:
    return _rows(fact.case_id, fact.moves)


def _rows(case_id: UUID, moves: ClockMoves | None) -> list[Change]:
    if moves is None:
        return []
    return [Change(CLOCK_BOARD, (change.clock_id,), _row(case_id, change)) for change in moves.changes]


def _row(case_id: UUID, change: ClockChange) -> dict[str, object]:
    row: dict[str, object] = {"case_id": case_id, "clock": change.clock, "due": change.due}
    match change.verb:
        case "breached":
            return {**row, "breached_at": change.at}
        case "warned" | "escalated":
            return {**row, "level": change.level, "whom": change.whom}
        case "started":
            row |= {"started": change.at, "original_due": change.original_due, "metric": change.metric}
        case _:
            pass
    if (state := STATES.get(change.verb)) is not None:
        row["state"] = state
    if change.held_by is not None:
        row["held_by"] = change.held_by
    return {**row, "moved_at": change.at, "reason": change.reason}
