"""What have hard cases taught? One row a reflection, written by followup alone."""

from collections.abc import Sequence

from services.casebook.projections.projection import Projection
from services.casebook.tables import REFLECTION
from shared.contracts.event import Recorded
from shared.contracts.followup_reflections import ReflectionNoted
from shared.eventstore.readmodel import Change

reflections = Projection("reflections", REFLECTION)


@reflections.on(ReflectionNoted)
def _noted(event: Recorded, fact: ReflectionNoted) -> Sequence[Change]:
    row: dict[str, object] = {
        "case_id": fact.case_id,
        "clause": fact.clause,
        "noted_by": fact.noted_by,
        "what_helped": fact.what_helped,
        "what_should_change": fact.what_should_change,
        "noted_at": event.recorded_at,
    }
    return (Change(REFLECTION, (fact.reflection_id,), row),)
