"""Casebook over HTTP: cases, timelines, approvals, promises, customers, counters and the feed of events; all read."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from services.casebook.api.connections import CaseConnection, CaseName, Connection, Live, Searching
from services.casebook.queries import boards, cases, counters, examples, standing, timeline
from services.casebook.queries.boards import ApprovalQuery, PromiseQuery
from services.casebook.queries.cases import CaseQuery
from services.casebook.queries.examples import page, shown
from services.casebook.queries.paging import Page
from services.casebook.queries.standing import ConductQuery
from services.casebook.queries.standing_views import ConductView
from services.casebook.queries.views import (
    ApprovalView,
    CaseDetail,
    CaseView,
    CountersView,
    CustomerView,
    EventsView,
    EventView,
    PromiseView,
)
from shared.kernel.errors import MalformedInput
from shared.runtime.as_of import AsOf
from shared.runtime.auth import Caller, caller


class Problem(BaseModel):
    """A problem (RFC 9457): what is wrong, in which field, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    fix: str | None = None


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }


REFUSED: dict[int | str, dict[str, Any]] = {
    401: _problem("No token, or one that does not hold"),
    403: _problem("The token's roles do not allow this"),
    422: _problem("A parameter cannot be read; `field` names it"),
}
ABSENT: dict[int | str, dict[str, Any]] = {404: _problem("There is no such thing")}

router = APIRouter(responses=REFUSED)
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor", "privacy", "ops"))]
Limit = Annotated[int, Query(ge=1, le=500, description="How many items to give at most.")]
After = Annotated[str | None, Query(max_length=4000, description="`next` of the answer before.")]


@router.get("/cases", summary="List cases", responses=shown(page(examples.case)))
async def list_cases(
    _who: Reader, conn: Connection, search: Searching, asked: Annotated[CaseQuery, Query()]
) -> Page[CaseView]:
    """Give cases by filter, newest first unless sorted otherwise; pages stay stable while cases come in."""
    return await cases.list_cases(conn, asked, search)


@router.get("/cases/{case}", summary="Read one case", responses=ABSENT | shown(examples.detail))
async def read_case(_who: Reader, conn: CaseConnection, case: CaseName) -> CaseDetail:
    """Give a case as it stands, with its exceptions and promises; or as it was known at an instant."""
    return await cases.one_case(conn, case)


@router.get("/cases/{case}/timeline", summary="Read a case's timeline", responses=ABSENT | shown(page(examples.entry)))
async def read_timeline(
    _who: Reader,
    conn: CaseConnection,
    case: CaseName,
    after: After = None,
    limit: Limit = 100,
    party: Annotated[UUID | None, Query(description="Only what this customer may see of it.")] = None,
) -> Page[EventView]:
    """Give every event of the case, in causal order over all services: who, what, why, caused by what, which trace.

    With `party`: what that customer said and was told, and what both sides of a dispute may know.
    """
    case_id = await cases.case_id_of(conn, case)
    if party is not None:
        return await timeline.timeline_of_party(conn, case_id, party, after, limit)
    return await timeline.timeline_of(conn, case_id, after, limit)


@router.get("/approvals", summary="List exceptions", responses=shown(page(examples.approval)))
async def list_approvals(
    _who: Reader, conn: Connection, asked: Annotated[ApprovalQuery, Query()]
) -> Page[ApprovalView]:
    """Give exceptions, the next deadline first."""
    return await boards.list_approvals(conn, asked)


@router.get("/promises", summary="List promises", responses=shown(page(examples.promise)))
async def list_promises(_who: Reader, conn: Connection, asked: Annotated[PromiseQuery, Query()]) -> Page[PromiseView]:
    """Give promises, the one due first first."""
    return await boards.list_promises(conn, asked)


@router.get("/customers/{customer_id}", summary="Read one customer", responses=ABSENT | shown(examples.customer))
async def read_customer(_who: Reader, conn: Connection, customer_id: UUID) -> CustomerView:
    """Give a customer with addresses, newest cases, measures on conduct, and what helps them."""
    return await cases.one_customer(conn, customer_id)


@router.get("/conduct-measures", summary="List measures on conduct", responses=shown(page(examples.conduct)))
async def list_conduct(_who: Reader, conn: Connection, asked: Annotated[ConductQuery, Query()]) -> Page[ConductView]:
    """Give the measures in force, or those that were, the next day of review first."""
    return await standing.list_measures(conn, asked)


@router.get("/counters", summary="Read the counters", responses=shown(examples.counters))
async def read_counters(
    _who: Reader, conn: Connection, since: date | None = None, until: date | None = None
) -> CountersView:
    """Give numbers by name and label: over all time, as they stand now, and by day (UTC), the newest 31 by default."""
    if since is not None and until is not None and since > until:
        raise MalformedInput("comes after until", field="since", fix="send the earlier day as since")
    return await counters.count_all(conn, since, until)


@router.get("/events", summary="Follow events", responses=ABSENT | shown(examples.feed))
async def list_events(
    request: Request,
    _who: Reader,
    conn: Live,
    as_of: AsOf,
    case: Annotated[str | None, Query(max_length=64, description="A case's id or tracking code.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> EventsView:
    """Give events in words that came in after the cursor, of one case or of all; `after=end` starts at the present.

    Ask again with `next`: no event is missed and none comes twice, in whichever order the topics arrive.
    """
    parts = request.app.state.service.settings.log_parts
    case_id = None if case is None else await cases.case_id_of(conn, case)
    return await timeline.events_after(conn, parts, case_id, after, limit, as_of)
