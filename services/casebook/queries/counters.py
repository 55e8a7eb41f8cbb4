"""Counters: totals, by day, and how exceptions and promises stand now."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.views import CountersView, DayView, Numbers
from services.casebook.tables import MADE, approval_inbox, counter, promise_board

COUNT = counter.c
DAYS_SHOWN = 31
OPEN_EXCEPTIONS = ("requested", "countered")
# Promises in these states are few at any time, whatever the history; the others stay as they are for ever.
OPEN_PROMISES = ("made", "at_risk", "broken", "renegotiated")
ENDED_PROMISES = ("kept", "released")


async def count_all(conn: AsyncConnection, since: date | None, until: date | None) -> CountersView:
    """Give totals and the days from `since` to `until`, both included; the newest 31 days unless said otherwise."""
    number = func.sum(COUNT.number)
    totals = await conn.execute(select(COUNT.name, COUNT.label, number).group_by(COUNT.name, COUNT.label))
    summed = _numbers((name, label, int(n)) for name, label, n in totals)
    last = until or await conn.scalar(select(func.max(COUNT.day)))
    days: list[DayView] = []
    if last is not None:
        first = since or last - timedelta(days=DAYS_SHOWN - 1)
        columns = select(COUNT.day, COUNT.name, COUNT.label, number).where(COUNT.day.between(first, last))
        rows = list(await conn.execute(columns.group_by(COUNT.day, COUNT.name, COUNT.label).order_by(COUNT.day.desc())))
        for day in dict.fromkeys(row[0] for row in rows):
            numbers = _numbers((name, label, int(n)) for on, name, label, n in rows if on == day)
            days.append(DayView(day=day, numbers=numbers))
    return CountersView(totals=summed, now=await _now(conn, summed), days=days)


async def _now(conn: AsyncConnection, totals: Numbers) -> Numbers:
    inbox = approval_inbox.c.state
    waiting = await conn.execute(select(inbox, func.count()).where(inbox.in_(OPEN_EXCEPTIONS)).group_by(inbox))
    exceptions = standing_exceptions(totals.get("exceptions", {}), {state: int(n) for state, n in waiting})
    board = promise_board.c
    standing = await conn.execute(
        select(board.state, func.count()).where(MADE, board.state.in_(OPEN_PROMISES)).group_by(board.state)
    )
    made = totals.get("promises", {})
    promises = {state: int(n) for state, n in standing} | {s: made[s] for s in ENDED_PROMISES if s in made}
    return {"exceptions": exceptions, "promises": promises}


def standing_exceptions(totals: Mapping[str, int], waiting: Mapping[str, int]) -> dict[str, int]:
    """Give how many exceptions stand in each state, from how often each was reached and how many wait for somebody.

    An offer that was answered is no longer countered, and an approval that lapsed no longer approved.
    """
    answered = totals.get("accepted", 0) + totals.get("declined", 0)
    lapsed_offers = totals.get("countered", 0) - answered - waiting.get("countered", 0)
    approved = totals.get("approved", 0) - (totals.get("lapsed", 0) - lapsed_offers)
    standing = {**totals, "approved": approved, **dict.fromkeys(OPEN_EXCEPTIONS, 0), **waiting}
    return {state: number for state, number in standing.items() if number or state == "requested"}


def _numbers(counted: Iterable[tuple[str, str, int]]) -> Numbers:
    numbers: Numbers = {}
    for name, label, number in sorted(counted):
        if number:
            numbers.setdefault(name, {})[label] = number
    return numbers
