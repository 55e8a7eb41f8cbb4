"""What was refused, by which clause? One row a boundary statement, written by triage alone."""

from collections.abc import Sequence

from services.casebook.projections.projection import Projection
from services.casebook.tables import REFUSAL
from shared.contracts.event import Recorded
from shared.contracts.triage import BoundaryStated
from shared.eventstore.readmodel import Change

refusals = Projection("refusals", REFUSAL)


@refusals.on(BoundaryStated)
def _stated(event: Recorded, fact: BoundaryStated) -> Sequence[Change]:
    row: dict[str, object] = {
        "case_id": fact.case_id,
        "request_id": fact.request_id,
        "policy": fact.clause.policy,
        "policy_version": fact.clause.version,
        "clause": fact.clause.clause,
        "kind": fact.kind,
        "stated_at": event.recorded_at,
    }
    return (Change(REFUSAL, (fact.boundary_id,), row),)
