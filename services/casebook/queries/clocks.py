"""Clocks by due time: what runs, what is paused, and what has run out."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.paging import Ordering, Page, cut, next_after
from services.casebook.queries.views import View
from services.casebook.tables import case_list, clock_board
from shared.runtime.as_of import AsOfQuery

BOARD = clock_board.c
BY_DUE: Ordering = (BOARD.due, BOARD.clock_id)
BY_MOVE: Ordering = (BOARD.moved_at, BOARD.clock_id)


class ClockQuery(AsOfQuery):
    """Which clocks; of those that run the one due first comes first, of others the one that was moved last."""

    state: Literal["running", "paused", "met", "cancelled"] = "running"
    clock: str | None = Field(default=None, max_length=100, examples=["first_response"])
    metric: Literal["first_response", "next_response", "resolution", "team", "statutory"] | None = None
    due_before: datetime | None = None
    breached: bool | None = Field(default=None, description="Only those that ran out, or only those that did not.")
    after: str | None = Field(default=None, max_length=4000, description="`next` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


class ClockRow(View):
    """One clock as it stands; `level` and `whom` are of the latest warning or escalation."""

    clock_id: UUID
    case_id: UUID
    tracking_code: str | None = None
    clock: str = Field(examples=["first_response"])
    metric: str | None
    state: str
    held_by: str | None
    reason: str | None
    started: datetime | None
    original_due: datetime | None
    due: datetime | None
    breached_at: datetime | None
    level: str | None
    whom: str | None


async def list_clocks(conn: AsyncConnection, asked: ClockQuery) -> Page[ClockRow]:
    """Give one page of clocks; raises MalformedInput for a cursor of another list."""
    beside = clock_board.outerjoin(case_list, case_list.c.case_id == BOARD.case_id)
    found = select(clock_board, case_list.c.tracking_code).select_from(beside).where(BOARD.state == asked.state)
    if asked.clock is not None:
        found = found.where(BOARD.clock == asked.clock)
    if asked.metric is not None:
        found = found.where(BOARD.metric == asked.metric)
    if asked.due_before is not None:
        found = found.where(BOARD.due < asked.due_before)
    if asked.breached is not None:
        found = found.where(BOARD.breached_at.isnot(None) if asked.breached else BOARD.breached_at.is_(None))
    runs = asked.state == "running"
    order, name = (BY_DUE, "clock_due") if runs else (BY_MOVE, "clock_moved")
    query = cut(found, order, descending=not runs, name=name, after=asked.after, limit=asked.limit)
    rows: Any = (await conn.execute(query)).mappings().all()
    items = [ClockRow.model_validate({**row}) for row in rows[: asked.limit]]
    return Page(items=items, next=next_after(rows, order, name=name, limit=asked.limit))
