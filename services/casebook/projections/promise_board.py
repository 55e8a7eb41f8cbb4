"""What do we owe whom, by when, and did we keep it? One row a promise, written by followup alone."""

from collections.abc import Sequence

from services.casebook.projections.projection import Projection
from services.casebook.tables import PROMISE_BOARD
from shared.contracts.event import Recorded
from shared.contracts.followup import (
    PromiseAtRisk,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.contracts.followup_found import FoundPromiseDismissed, PromiseFound
from shared.eventstore.readmodel import Change

promise_board = Projection("promise_board", PROMISE_BOARD)


@promise_board.on(PromiseFound)
def _found(event: Recorded, fact: PromiseFound) -> Sequence[Change]:
    row: dict[str, object] = {
        "case_id": fact.case_id,
        "what": fact.what,
        "due": fact.due,
        "made_by": fact.said_by,
        "state": "found",
        "found_at": event.recorded_at,
        "backed": fact.backed,
    }
    return (Change(PROMISE_BOARD, (fact.promise_id,), row),)


@promise_board.on(FoundPromiseDismissed)
def _dismissed(_event: Recorded, fact: FoundPromiseDismissed) -> Sequence[Change]:
    return (Change(PROMISE_BOARD, (fact.promise_id,), {"state": "dismissed", "reason": fact.reason}),)


@promise_board.on(PromiseMade)
def _made(event: Recorded, fact: PromiseMade) -> Sequence[Change]:
    row: dict[str, object] = {
        "case_id": fact.case_id,
        "customer_id": fact.customer_id,
        "what": fact.what,
        "made_at": event.recorded_at,
        "due": fact.due,
        "at_risk_from": fact.at_risk_from,
        "made_by": fact.made_by,
        "backing": fact.backing.kind,
        "backing_reference": fact.backing.reference,
        "backing_version": fact.backing.version,
        "state": "made",
    }
    return (Change(PROMISE_BOARD, (fact.promise_id,), row),)


@promise_board.on(PromiseAtRisk)
def _at_risk(_event: Recorded, fact: PromiseAtRisk) -> Sequence[Change]:
    return (Change(PROMISE_BOARD, (fact.promise_id,), {"state": "at_risk"}),)


@promise_board.on(PromiseBroken)
def _broken(_event: Recorded, fact: PromiseBroken) -> Sequence[Change]:
    return (Change(PROMISE_BOARD, (fact.promise_id,), {"state": "broken"}),)


@promise_board.on(PromiseKept)
def _kept(_event: Recorded, fact: PromiseKept) -> Sequence[Change]:
    row = {"state": "kept", "evidence": fact.evidence, "kept_at": fact.kept_at, "late": fact.late}
    return (Change(PROMISE_BOARD, (fact.promise_id,), row),)


@promise_board.on(PromiseRenegotiated)
def _renegotiated(_event: Recorded, fact: PromiseRenegotiated) -> Sequence[Change]:
    row = {"state": "renegotiated", "due": fact.due, "at_risk_from": fact.at_risk_from, "reason": fact.reason}
    return (Change(PROMISE_BOARD, (fact.promise_id,), row, add={"renegotiations": 1}),)


@promise_board.on(PromiseReleased)
def _released(_event: Recorded, fact: PromiseReleased) -> Sequence[Change]:
    return (Change(PROMISE_BOARD, (fact.promise_id,), {"state": "released", "reason": fact.reason}),)
