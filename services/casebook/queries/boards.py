"""Boards: exceptions by deadline and promises by due date."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.paging import Ordering, Page, cut, next_after
from services.casebook.queries.views import ApprovalView, ExceptionState, PromiseView, money
from services.casebook.tables import KNOWN, MADE, approval_inbox, case_list, promise_board
from shared.runtime.as_of import AsOfQuery

INBOX, BOARD = approval_inbox.c, promise_board.c
BY_DEADLINE: Ordering = (INBOX.deadline, INBOX.exception_id)
BY_DUE: Ordering = (BOARD.due, BOARD.promise_id)


class ApprovalQuery(AsOfQuery):
    """Which exceptions; the next deadline comes first."""

    state: ExceptionState | None = None
    role: str | None = Field(default=None, description="The role that may decide.", examples=["manager"])
    after: str | None = Field(default=None, max_length=4000, description="`next` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


class PromiseQuery(AsOfQuery):
    """Which promises; the one due first comes first."""

    state: Literal["made", "at_risk", "kept", "broken", "renegotiated", "released"] | None = None
    due_before: datetime | None = None
    after: str | None = Field(default=None, max_length=4000, description="`next` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


async def list_approvals(conn: AsyncConnection, asked: ApprovalQuery) -> Page[ApprovalView]:
    """Give one page of exceptions; raises MalformedInput for a cursor of another list."""
    found = _approvals()
    if asked.state is not None:
        found = found.where(INBOX.state == asked.state)
    if asked.role is not None:
        found = found.where(INBOX.required_role == asked.role)
    query = cut(found, BY_DEADLINE, descending=False, name="deadline", after=asked.after, limit=asked.limit)
    rows = (await conn.execute(query)).mappings().all()
    items = [_approval(row) for row in rows[: asked.limit]]
    return Page(items=items, next=next_after(rows, BY_DEADLINE, name="deadline", limit=asked.limit))


async def approvals_of(conn: AsyncConnection, case_id: UUID) -> list[ApprovalView]:
    """Give the exceptions of a case, the first requested first."""
    query = _approvals().where(INBOX.case_id == case_id).order_by(INBOX.requested_at, INBOX.exception_id)
    return [_approval(row) for row in (await conn.execute(query)).mappings()]


async def list_promises(conn: AsyncConnection, asked: PromiseQuery) -> Page[PromiseView]:
    """Give one page of promises; raises MalformedInput for a cursor of another list."""
    found = _promises()
    if asked.state is not None:
        found = found.where(BOARD.state == asked.state)
    if asked.due_before is not None:
        found = found.where(BOARD.due < asked.due_before)
    query = cut(found, BY_DUE, descending=False, name="promise_due", after=asked.after, limit=asked.limit)
    rows = (await conn.execute(query)).mappings().all()
    items = [PromiseView.model_validate({**row}) for row in rows[: asked.limit]]
    return Page(items=items, next=next_after(rows, BY_DUE, name="promise_due", limit=asked.limit))


async def promises_of(conn: AsyncConnection, case_id: UUID) -> list[PromiseView]:
    """Give the promises of a case, the first made first."""
    query = _promises().where(BOARD.case_id == case_id).order_by(BOARD.made_at, BOARD.promise_id)
    return [PromiseView.model_validate({**row}) for row in (await conn.execute(query)).mappings()]


def _approvals() -> Select[Any]:
    beside = approval_inbox.outerjoin(case_list, case_list.c.case_id == INBOX.case_id)
    return select(approval_inbox, case_list.c.tracking_code).select_from(beside).where(KNOWN)


def _promises() -> Select[Any]:
    beside = promise_board.outerjoin(case_list, case_list.c.case_id == BOARD.case_id)
    return select(promise_board, case_list.c.tracking_code).select_from(beside).where(MADE)


def _approval(row: Mapping[Any, Any]) -> ApprovalView:
    shown = {**row}
    granted = money(shown, "granted_amount", "granted_currency")
    return ApprovalView.model_validate({**shown, "amount": money(shown), "granted": granted})
