"""All projections together: events to changes, and changes to a schema's tables, live and inside a transaction."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

import asyncpg

from services.casebook.projections import case_timeline as timeline
from services.casebook.projections import counters as numbers
from services.casebook.projections.approval_inbox import approval_inbox
from services.casebook.projections.case_list import case_list
from services.casebook.projections.case_timeline import case_timeline
from services.casebook.projections.clock_board import clock_board
from services.casebook.projections.counters import counters
from services.casebook.projections.customer_standing import customer_standing
from services.casebook.projections.customer_view import customer_view
from services.casebook.projections.projection import Handler
from services.casebook.projections.promise_board import promise_board
from services.casebook.projections.reflections import reflections
from services.casebook.projections.refusals import refusals
from services.casebook.projections.search import Search
from services.casebook.tables import LIVE
from shared.contracts.event import Fact, Recorded
from shared.eventstore.readmodel import Batch, Change, ReadModel
from shared.eventstore.readmodel_sql import upsert

PROJECTIONS = (
    case_list,
    case_timeline,
    approval_inbox,
    promise_board,
    clock_board,
    refusals,
    reflections,
    customer_view,
    customer_standing,
    counters,
)
# One advisory lock for switching schemas, and one for each log partition.
LOCK_CLASS = 0x6361  # "ca"
SWITCH_LOCK = -1
LOCK = (
    "SELECT pg_advisory_xact_lock_shared($1, $2), (SELECT count(pg_advisory_xact_lock($1, p)) FROM unnest($3::int[]) p)"
)
NUL_IN_JSON = b"\\u0000"


async def apply(
    conn: asyncpg.Connection, events: Sequence[Recorded], schema: str = LIVE, search: Search | None = None
) -> None:
    """Bring a schema's read models up to date with events that it has not seen, inside the caller's transaction.

    `search` fills what cases and customers are found by; without it they are found by none of their words.
    Events of one source come in their order; sources may interleave in any way. Raises pydantic.ValidationError when
    a body does not fit its contract. While a rebuilt schema is being switched in, this waits.
    """
    batch = fold(events)
    if search is not None:
        batch.take(await search.changes(events))
    await conn.execute(LOCK, LOCK_CLASS, SWITCH_LOCK, sorted({event.log_part for event in events}))
    await upsert(conn, schema, batch)


def fold(events: Iterable[Recorded], batch: Batch | None = None, models: Collection[ReadModel] | None = None) -> Batch:
    """Fold what events change, in their order, into a batch (a new one unless given); of all read models, or some."""
    into = Batch() if batch is None else batch
    for event in events:
        made = changes(event)
        into.take(made if models is None else [change for change in made if change.model in models])
    return into


def changes(event: Recorded) -> list[Change]:
    """Give all that one event changes, over all projections."""
    fact = event.fact
    if fact is None:
        return [*timeline.unknown(event), *numbers.unknown(event)]
    made: list[Change] = []
    for handler in _handlers(type(fact)):
        made += handler(event, fact)
    return [_without_nul(change) for change in made] if NUL_IN_JSON in event.body else made


@cache
def _handlers(fact_type: type[Fact]) -> tuple[Handler[Any], ...]:
    return tuple(handler for projection in PROJECTIONS if (handler := projection.handler(fact_type)) is not None)


def _without_nul(change: Change) -> Change:
    """PostgreSQL's text and JSON hold no NUL character, a customer's message may."""
    return change._replace(
        key=tuple(_shown(value) for value in change.key),
        set={name: _shown(value) for name, value in change.set.items()},
    )


def _shown(value: object) -> object:
    return value.replace("\x00", "\ufffd").replace("\\u0000", "\\ufffd") if isinstance(value, str) else value
