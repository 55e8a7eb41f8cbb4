"""How customers and we stand: measures on conduct, by day of review, and what helps whom."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.paging import Ordering, Page, cut, next_after
from services.casebook.queries.standing_views import ConductView, NeedView
from services.casebook.tables import TAKEN, conduct_measure, support_need
from shared.runtime.as_of import AsOfQuery

MEASURE = conduct_measure.c
BY_REVIEW: Ordering = (MEASURE.review_on, MEASURE.measure_id)


class ConductQuery(AsOfQuery):
    """Which measures; filters that are not sent do not narrow the list."""

    state: Literal["in_force", "lifted"] = "in_force"
    review_due: bool | None = Field(default=None, description="only those whose day of review has come, or not")
    after: Annotated[str | None, Field(max_length=4000, description="`next` of the page before.")] = None
    limit: int = Field(default=50, ge=1, le=200)


async def list_measures(conn: AsyncConnection, asked: ConductQuery) -> Page[ConductView]:
    """Give one page of measures, the next day of review first."""
    found = select(conduct_measure).where(TAKEN, MEASURE.state == asked.state)
    if asked.review_due is not None:
        found = found.where(MEASURE.review_due.is_(asked.review_due))
    query = cut(found, BY_REVIEW, descending=False, name="conduct", after=asked.after, limit=asked.limit)
    rows = (await conn.execute(query)).mappings().all()
    items = [ConductView.model_validate(dict(row)) for row in rows[: asked.limit]]
    return Page(items=items, next=next_after(rows, BY_REVIEW, name="conduct", limit=asked.limit))


async def measures_of(conn: AsyncConnection, customer_id: UUID) -> list[ConductView]:
    """Give the measures on one customer that are or were in force, oldest first."""
    found = select(conduct_measure).where(TAKEN, MEASURE.customer_id == customer_id).order_by(MEASURE.taken_at)
    return [ConductView.model_validate(dict(row)) for row in (await conn.execute(found)).mappings()]


async def needs_of(conn: AsyncConnection, customer_id: UUID) -> list[NeedView]:
    """Give what is noted of one customer, oldest first; what was removed is not among it."""
    need = support_need.c
    found = select(support_need).where(
        need.customer_id == customer_id, need.noted_at.isnot(None), need.removed.is_(False)
    )
    rows = (await conn.execute(found.order_by(need.noted_at))).mappings()
    return [NeedView.model_validate(dict(row)) for row in rows]
