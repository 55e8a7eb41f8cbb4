"""What can be learnt: refusals by clause and what came of them, exceptions by clause, promises by who made them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, distinct, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.insight_views import ClauseInsight, InsightsView, ReflectionView, TeamInsight
from services.casebook.queries.views import Amount
from services.casebook.tables import (
    KNOWN,
    MADE,
    approval_inbox,
    case_list,
    case_timeline,
    promise_board,
    reflection,
    refusal,
)
from shared.contracts.followup import CaseReopened

REFUSED, INBOX, BOARD = refusal.c, approval_inbox.c, promise_board.c
EXCEPTION_STATES = (
    "approved",
    "rejected",
    "countered",
    "accepted",
    "declined",
    "expired",
    "withdrawn",
    "superseded",
    "lapsed",
)
DECIDED = ("approved", "rejected", "countered", "accepted", "declined", "expired", "lapsed")
GRANTING = ("approved", "countered", "accepted", "lapsed")
NO_TEAM = "no team"
REFLECTIONS = 100


class Threshold(NamedTuple):
    """From how many decisions on, and from which share of grants on, a clause is said to need a change."""

    decisions: int
    share: float


async def insights(
    conn: AsyncConnection, since: datetime | None, teams: Mapping[str, str], threshold: Threshold
) -> InsightsView:
    """Give the insights since an instant (None: ever); `teams` names the team of each person who makes promises."""
    clauses: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (await conn.execute(_refusals(since))).mappings():
        _of(clauses, row)["refused"] = {k: v for k, v in row.items() if k not in ("policy", "clause")}
    for row in (await conn.execute(_exceptions(since))).mappings():
        _of(clauses, row).setdefault("exceptions", {})[row["state"]] = row["number"]
    for row in (await conn.execute(_granted(since))).mappings():
        _of(clauses, row).setdefault("granted", []).append(Amount(amount=row["amount"], currency=row["currency"]))
    return InsightsView(
        since=since,
        clauses=[_insight(key, found, threshold) for key, found in sorted(clauses.items())],
        teams=_teams([dict(row) for row in (await conn.execute(_promises(since))).mappings()], teams),
        reflections=[ReflectionView(**row) for row in (await conn.execute(_reflections(since))).mappings()],
        threshold_decisions=threshold.decisions,
        threshold_share=threshold.share,
    )


def _of(clauses: dict[tuple[str, str], dict[str, Any]], row: Mapping[Any, Any]) -> dict[str, Any]:
    return clauses.setdefault((row["policy"], row["clause"]), {})


def _insight(key: tuple[str, str], found: Mapping[str, Any], threshold: Threshold) -> ClauseInsight:
    exceptions: Mapping[str, int] = found.get("exceptions", {})
    decided = sum(exceptions.get(state, 0) for state in DECIDED)
    granted = sum(exceptions.get(state, 0) for state in GRANTING)
    share = granted / decided if decided else None
    refused = found.get("refused") or {}
    return ClauseInsight(
        policy=key[0],
        clause=key[1],
        refused=refused.get("refused", 0),
        appealed=refused.get("appealed", 0),
        accepted=refused.get("accepted", 0),
        reopened=refused.get("reopened", 0),
        settled=refused.get("settled", 0),
        unsettled=refused.get("unsettled", 0),
        exceptions=dict(exceptions),
        granted=found.get("granted", []),
        granted_share=share,
        should_change=share is not None and decided >= threshold.decisions and share > threshold.share,
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(distinct(case((condition, REFUSED.boundary_id))))


def _refusals(since: datetime | None) -> Any:
    reopened = exists().where(case_timeline.c.case_id == REFUSED.case_id, case_timeline.c.type == CaseReopened.TYPE)
    same = and_(INBOX.request_id == REFUSED.request_id, INBOX.clause == REFUSED.clause, KNOWN)
    beside = refusal.outerjoin(approval_inbox, same).outerjoin(case_list, case_list.c.case_id == REFUSED.case_id)
    over = case_list.c.outcome.in_(("resolved", "closed"))
    found = (
        select(
            REFUSED.policy,
            REFUSED.clause,
            func.count(distinct(REFUSED.boundary_id)).label("refused"),
            _count(INBOX.exception_id.isnot(None)).label("appealed"),
            _count(and_(INBOX.exception_id.is_(None), over)).label("accepted"),
            _count(reopened).label("reopened"),
            _count(case_list.c.settled.is_(True)).label("settled"),
            _count(case_list.c.settled.is_(False)).label("unsettled"),
        )
        .select_from(beside)
        .group_by(REFUSED.policy, REFUSED.clause)
    )
    return found if since is None else found.where(REFUSED.stated_at >= since)


def _exceptions(since: datetime | None) -> Any:
    found = select(INBOX.policy, INBOX.clause, INBOX.state, func.count().label("number")).where(KNOWN)
    found = found.group_by(INBOX.policy, INBOX.clause, INBOX.state)
    return found if since is None else found.where(INBOX.requested_at >= since)


def _granted(since: datetime | None) -> Any:
    amount, currency = INBOX.granted_amount, INBOX.granted_currency
    found = select(INBOX.policy, INBOX.clause, currency.label("currency"), func.sum(amount).label("amount"))
    found = found.where(INBOX.state.in_(("approved", "accepted")), amount.isnot(None))
    found = found.group_by(INBOX.policy, INBOX.clause, currency).order_by(currency)
    return found if since is None else found.where(INBOX.requested_at >= since)


def _promises(since: datetime | None) -> Any:
    found = select(BOARD.made_by, BOARD.state, BOARD.late, func.count().label("n")).where(MADE)
    found = found.group_by(BOARD.made_by, BOARD.state, BOARD.late)
    return found if since is None else found.where(BOARD.made_at >= since)


def _reflections(since: datetime | None) -> Any:
    beside = reflection.outerjoin(case_list, case_list.c.case_id == reflection.c.case_id)
    found = select(reflection, case_list.c.tracking_code).select_from(beside)
    found = found.order_by(reflection.c.noted_at.desc(), reflection.c.reflection_id).limit(REFLECTIONS)
    return found if since is None else found.where(reflection.c.noted_at >= since)


def _teams(rows: Iterable[Mapping[str, Any]], teams: Mapping[str, str]) -> list[TeamInsight]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        numbers = found.setdefault(teams.get(row["made_by"], NO_TEAM), {"promised": 0})
        numbers["promised"] += row["n"]
        name = "kept_late" if row["state"] == "kept" and row["late"] else row["state"]
        numbers[name] = numbers.get(name, 0) + row["n"]
    return [
        TeamInsight(team=team, **{name: numbers.get(name, 0) for name in TeamInsight.model_fields if name != "team"})
        for team, numbers in sorted(found.items())
    ]
