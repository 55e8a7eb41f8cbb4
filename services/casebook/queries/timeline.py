"""Events in words: a case's timeline page by page, and the feed of what is new."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Integer, Text, Uuid, bindparam, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook import CHARTER
from services.casebook.queries.paging import FIX, Ordering, Page, cut, next_after, pack, unpack
from services.casebook.queries.views import CauseView, EventsView, EventView
from services.casebook.tables import INSTANT, case_timeline
from shared.contracts.approvals_disputes import DisputeDecided
from shared.contracts.intake_parties import DisputeOpened
from shared.kernel.errors import MalformedInput, NotFound

ENTRY = case_timeline.c
IN_TIME: Ordering = (ENTRY.recorded_at, ENTRY.log, ENTRY.log_part, ENTRY.position)
# What both sides of a dispute may know.
SHARED = (DisputeOpened.TYPE, DisputeDecided.TYPE)
END = "end"  # as a cursor: after everything that is there now

Stand = dict[str, int]  # "log/log_part" to the last position seen

PLACES = "unnest(:logs, :parts, :positions) AS v(log, part, seen)"
NEW_OF_CASE = f"""
    SELECT t.* FROM live.case_timeline t LEFT JOIN {PLACES} ON v.log = t.log AND v.part = t.log_part
    WHERE t.case_id = :case_id AND t.position > coalesce(v.seen, 0) AND t.recorded_at <= :until
    ORDER BY t.recorded_at, t.log, t.log_part, t.position LIMIT :limit"""
NEW = f"""
    SELECT t.* FROM {PLACES} CROSS JOIN LATERAL (
        SELECT * FROM live.case_timeline e WHERE e.log = v.log AND e.log_part = v.part AND e.position > v.seen
            AND e.recorded_at <= :until
        ORDER BY e.log, e.log_part, e.position LIMIT :limit) t
    ORDER BY t.recorded_at, t.log, t.log_part, t.position LIMIT :limit"""
HEADS = f"""
    SELECT v.log, v.part, t.position FROM {PLACES} CROSS JOIN LATERAL (
        SELECT e.position FROM live.case_timeline e WHERE e.log = v.log AND e.log_part = v.part
        ORDER BY e.log DESC, e.log_part DESC, e.position DESC LIMIT 1) t"""


async def timeline_of(conn: AsyncConnection, case_id: UUID, after: str | None, limit: int) -> Page[EventView]:
    """Give one page of a case's events, the first recorded first; empty for a case without any."""
    found = select(case_timeline).where(ENTRY.case_id == case_id)
    query = cut(found, IN_TIME, descending=False, name="timeline", after=after, limit=limit)
    rows = (await conn.execute(query)).mappings().all()
    items = await _in_words(conn, rows[:limit])
    return Page(items=items, next=next_after(rows, IN_TIME, name="timeline", limit=limit))


async def timeline_of_party(
    conn: AsyncConnection, case_id: UUID, party: UUID, after: str | None, limit: int
) -> Page[EventView]:
    """Give one page of what one customer may see of a case: what they said, what we told them, and what is shared.

    What caused an event is left out, since that may be the other side's. Raises NotFound for a customer without a part.
    """
    theirs = ENTRY.customer_id == party
    if not await conn.scalar(select(exists().where(ENTRY.case_id == case_id, theirs))):
        raise NotFound(f"{party} has no part in this case", field="party", fix="give the id of one of its customers")
    found = select(case_timeline).where(ENTRY.case_id == case_id, or_(theirs, ENTRY.type.in_(SHARED)))
    query = cut(found, IN_TIME, descending=False, name="party", after=after, limit=limit)
    rows = (await conn.execute(query)).mappings().all()
    items = [_event({**row, "causation_id": None}, {}) for row in rows[:limit]]
    return Page(items=items, next=next_after(rows, IN_TIME, name="party", limit=limit))


async def events_after(
    conn: AsyncConnection,
    parts: int,
    case_id: UUID | None,
    after: str | None,
    limit: int,
    until: datetime | None = None,
) -> EventsView:
    """Give events that came in after a cursor, of one case or of all; `end` for a cursor gives the present end.

    With `until`, only those that were recorded by then.

    The cursor holds a position for each log partition: topics arrive independently, so an event with an earlier time
    can come in later, and is still not missed.
    """
    if after == END:
        return EventsView(items=[], next=pack(await _heads(conn, parts)))
    stand = {} if after is None else _stand(after)
    query = _with_places(NEW if case_id is None else NEW_OF_CASE, stand, parts)
    query = query.bindparams(bindparam("until", until or datetime.max.replace(tzinfo=UTC), type_=INSTANT))
    more: dict[str, object] = {"limit": limit}
    if case_id is not None:
        query, more = query.bindparams(bindparam("case_id", type_=Uuid)), {**more, "case_id": case_id}
    rows = (await conn.execute(query, more)).mappings().all()
    for row in rows:
        stand[f"{row['log']}/{row['log_part']}"] = row["position"]
    return EventsView(items=await _in_words(conn, rows), next=pack(stand))


async def _heads(conn: AsyncConnection, parts: int) -> Stand:
    rows = await conn.execute(_with_places(HEADS, {}, parts))
    return {f"{log}/{part}": position for log, part, position in rows}


def _with_places(query: str, stand: Stand, parts: int) -> Any:
    places = [(log, part) for log in CHARTER.listens for part in range(parts)]
    return text(query).bindparams(
        bindparam("logs", [log for log, _ in places], type_=ARRAY(Text)),
        bindparam("parts", [part for _, part in places], type_=ARRAY(Integer)),
        bindparam("positions", [stand.get(f"{log}/{part}", 0) for log, part in places], type_=ARRAY(BigInteger)),
    )


def _stand(after: str) -> Stand:
    stand = unpack(after)
    if not isinstance(stand, dict) or not all(type(position) is int for position in stand.values()):
        raise MalformedInput("is a cursor of another list", field="after", fix=FIX)
    return stand


async def _in_words(conn: AsyncConnection, rows: Sequence[Mapping[Any, Any]]) -> list[EventView]:
    """Show events, each with what caused it where that is of the same case."""
    here: dict[UUID, Mapping[Any, Any]] = {row["event_id"]: row for row in rows}
    missing = {row["causation_id"] for row in rows if row["causation_id"] is not None} - here.keys()
    cases = {row["case_id"] for row in rows if row["case_id"] is not None}
    if missing and cases:
        columns = select(ENTRY.event_id, ENTRY.actor, ENTRY.line)
        found = await conn.execute(columns.where(ENTRY.case_id.in_(cases), ENTRY.event_id.in_(missing)))
        here |= {row["event_id"]: row for row in found.mappings()}
    return [_event(row, here) for row in rows]


def _event(row: Mapping[Any, Any], known: Mapping[UUID, Mapping[Any, Any]]) -> EventView:
    cause_id = row["causation_id"]
    cause = known.get(cause_id)
    caused_by = cause_id and CauseView(event_id=cause_id, who=cause and cause["actor"], what=cause and cause["line"])
    return EventView.model_validate({**row, "who": row["actor"], "what": row["line"], "caused_by": caused_by})
