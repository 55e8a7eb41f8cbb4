"""The board of clocks over real rows: what runs out when, who has it, and what has run out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.clocks import ClockQuery, ClockRow, list_clocks
from shared.contracts.event import Fact
from shared.contracts.followup import CaseTakenUp, MatterNoted
from shared.contracts.followup_clocks import ClockChange, ClockMoves, ClocksMoved
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import go_live, open_casebook
from tests.support.recorded import recorded

pytestmark = pytest.mark.backends
CASE = UUID(int=9)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def change(clock: str, verb: str, hours: float = 0, **more: object) -> ClockChange:
    at = AT + hours * HOUR
    return ClockChange.model_validate(
        {"clock_id": uuid5(CASE, clock), "clock": clock, "verb": verb, "at": at, "due": AT + 8 * HOUR, **more}
    )


def moves(*changes: ClockChange) -> ClockMoves:
    return ClockMoves(cause="test", changes=changes)


STARTED: dict[str, object] = {"original_due": AT + 8 * HOUR, "held_by": "care"}
HISTORY: tuple[Fact, ...] = (
    CaseTakenUp(
        case_id=CASE,
        customer_id=CASE,
        clocks=moves(
            change("first_response", "started", 0, metric="first_response", **STARTED),
            change("resolution", "started", 0, metric="resolution", **(STARTED | {"due": AT + 40 * HOUR})),
        ),
    ),
    MatterNoted(
        case_id=CASE,
        matter_id=CASE,
        request_id=CASE,
        outcome="proposed",
        at=AT,
        clocks=moves(change("approval", "started", 1, metric="team", **(STARTED | {"held_by": "approvals"}))),
    ),
    ClocksMoved(
        case_id=CASE,
        moves=moves(
            change("first_response", "breached", 8),
            change("first_response", "escalated", 8.5, level="late", whom="supervisor"),
            change("resolution", "paused", 9, due=None, held_by="carrier", reason="the parcel is sought"),
        ),
    ),
    ClocksMoved(case_id=CASE, moves=moves(change("approval", "met", 10))),
)


@pytest.fixture(scope="module")
async def conn(service_database: MakeServiceDatabase) -> AsyncIterator[AsyncConnection]:
    async with open_casebook(service_database) as book:
        events = [recorded(fact, AT + n * HOUR, n) for n, fact in enumerate(HISTORY, 1)]
        await go_live(book.database, [events])
        async with book.database.engine.connect() as made:
            yield made


async def found(conn: AsyncConnection, **asked: object) -> list[ClockRow]:
    return (await list_clocks(conn, ClockQuery.model_validate(asked))).items


async def test_a_clock_that_runs_shows_that_it_ran_out_and_who_was_told(conn: AsyncConnection) -> None:
    [clock] = await found(conn)
    assert (clock.clock, clock.state, clock.held_by) == ("first_response", "running", "care")
    assert (clock.breached_at, clock.level, clock.whom) == (AT + 8 * HOUR, "late", "supervisor")


async def test_a_paused_clock_has_no_due_time_but_a_reason_and_a_holder(conn: AsyncConnection) -> None:
    [clock] = await found(conn, state="paused")
    assert (clock.due, clock.original_due) == (None, AT + 8 * HOUR)
    assert (clock.held_by, clock.reason) == ("carrier", "the parcel is sought")


async def test_clocks_are_found_by_metric_due_time_and_breach(conn: AsyncConnection) -> None:
    assert [clock.clock for clock in await found(conn, state="met", metric="team")] == ["approval"]
    assert await found(conn, due_before=AT + 8 * HOUR) == []
    assert len(await found(conn, due_before=AT + 9 * HOUR, breached=True)) == 1
    assert await found(conn, breached=False) == []
