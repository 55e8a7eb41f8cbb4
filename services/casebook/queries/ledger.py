"""The promise ledger: what was promised, and what became of it, by agent, team or clause; and what waits to be one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.views import View
from services.casebook.tables import FOUND, MADE, case_list, promise_board
from shared.runtime.as_of import AsOfQuery

BOARD = promise_board.c
NO_TEAM = "no team"
OPEN = ("made", "at_risk", "renegotiated")


class LedgerQuery(AsOfQuery):
    """By what promises are counted, and since when they were made (ever, if left out)."""

    by: Literal["agent", "team", "clause"] = "agent"
    since: datetime | None = None


class LedgerLine(BaseModel):
    """One agent, team, or clause (or decision) behind promises. `made` is the sum of kept, late, broken, released and
    open; `renegotiated` of them were moved at least once, `found` were found in what was said.
    """

    name: str = Field(examples=["ana", "front desk", "clause shop/R-1"])
    made: int
    kept: int
    late: int
    broken: int
    released: int
    open: int
    renegotiated: int
    found: int
    kept_share: float | None = Field(description="Kept in time, of all that are over or overdue.")


class LedgerView(BaseModel):
    """The ledger, the line with most promises first."""

    by: Literal["agent", "team", "clause"]
    since: datetime | None
    lines: list[LedgerLine]


class FoundView(View):
    """What an agent said that sounds like a promise and waits to be confirmed or dismissed."""

    promise_id: UUID
    case_id: UUID
    tracking_code: str | None = None
    what: str
    due: datetime
    said_by: str
    found_at: datetime
    backed: bool


class FoundList(BaseModel):
    """What waits to be confirmed or dismissed, the one due first first, at most 200."""

    items: list[FoundView]


async def ledger(conn: AsyncConnection, asked: LedgerQuery, teams: Mapping[str, str]) -> LedgerView:
    """Count promises; `teams` names the team of each person who makes promises."""
    key = BOARD.backing.concat(" ").concat(BOARD.backing_reference) if asked.by == "clause" else BOARD.made_by
    found = (
        select(
            key.label("name"),
            func.count().label("made"),
            _count((BOARD.state == "kept") & BOARD.late.is_not(True)).label("kept"),
            _count((BOARD.state == "kept") & BOARD.late.is_(True)).label("late"),
            _count(BOARD.state == "broken").label("broken"),
            _count(BOARD.state == "released").label("released"),
            _count(BOARD.state.in_(OPEN)).label("open"),
            _count(BOARD.renegotiations > 0).label("renegotiated"),
            _count(BOARD.found_at.isnot(None)).label("found"),
        )
        .where(MADE)
        .group_by(key)
    )
    if asked.since is not None:
        found = found.where(BOARD.made_at >= asked.since)
    sums: dict[str, dict[str, int]] = {}
    for row in (await conn.execute(found)).mappings():
        name = teams.get(row["name"], NO_TEAM) if asked.by == "team" else row["name"]
        line = sums.setdefault(name, {})
        for field, number in row.items():
            if field != "name":
                line[str(field)] = line.get(str(field), 0) + number
    lines = [_line(name, line) for name, line in sums.items()]
    lines.sort(key=lambda line: (-line.made, line.name))
    return LedgerView(by=asked.by, since=asked.since, lines=lines)


async def found_promises(conn: AsyncConnection) -> list[FoundView]:
    """Give what waits to be confirmed or dismissed, the one due first first, at most 200."""
    beside = promise_board.outerjoin(case_list, case_list.c.case_id == BOARD.case_id)
    query = (
        select(promise_board, BOARD.made_by.label("said_by"), case_list.c.tracking_code)
        .select_from(beside)
        .where(FOUND)
        .order_by(BOARD.due, BOARD.promise_id)
        .limit(200)
    )
    return [FoundView.model_validate({**row}) for row in (await conn.execute(query)).mappings()]


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _line(name: str, sums: Mapping[str, int]) -> LedgerLine:
    over = sums["kept"] + sums["late"] + sums["broken"]
    return LedgerLine.model_validate({"name": name, **sums, "kept_share": sums["kept"] / over if over else None})
