"""Casebook over HTTP: what can be learnt from what was refused, excepted and promised."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.casebook.api.cases import REFUSED
from services.casebook.api.connections import Connection
from services.casebook.queries.examples import learnt, shown
from services.casebook.queries.insight_views import InsightsView
from services.casebook.queries.insights import insights
from services.casebook.queries.learning import Learning
from shared.runtime.auth import Caller, caller

router = APIRouter(responses=REFUSED)
Learner = Annotated[Caller, Depends(caller("supervisor", "manager", "auditor", "ops"))]


def learning_of(request: Request) -> Learning:
    """FastAPI dependency: teams, and when a clause should change."""
    found = request.app.state.learning
    assert isinstance(found, Learning)
    return found


@router.get("/insights", summary="What can be learnt", responses=shown(learnt))
async def read_insights(
    _who: Learner,
    conn: Connection,
    learning: Annotated[Learning, Depends(learning_of)],
    since: Annotated[datetime | None, Query(description="Count what happened since then; ever, if left out.")] = None,
) -> InsightsView:
    """Give refusals by clause and what came next, exceptions by clause, promises by team, and clauses to reconsider."""
    return await insights(conn, since, learning.teams, learning.threshold)
