"""The promise ledger over real rows: what became of promises, by agent, team and clause."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.ledger import LedgerQuery, found_promises, ledger
from shared.contracts.event import Fact
from shared.contracts.followup import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.contracts.followup_found import FoundPromiseDismissed, PromiseFound
from shared.contracts.values import Backing
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import go_live, open_casebook
from tests.support.recorded import recorded

pytestmark = pytest.mark.backends
CASE = UUID(int=7)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
TEAMS = {"ana": "front desk", "ben": "front desk", "rules": "policy"}


def an_id(name: str) -> UUID:
    return uuid5(CASE, name)


def made(name: str, by: str, clause: str = "shop/R-1") -> PromiseMade:
    return PromiseMade(
        case_id=CASE,
        promise_id=an_id(name),
        customer_id=CASE,
        what=name,
        due=AT,
        at_risk_from=AT,
        backing=Backing(kind="clause", reference=clause, version="1"),
        made_by=by,
    )


def kept(name: str, *, late: bool) -> PromiseKept:
    return PromiseKept(case_id=CASE, promise_id=an_id(name), evidence="seen", kept_at=AT, late=late)


def found(name: str) -> PromiseFound:
    return PromiseFound(
        case_id=CASE,
        promise_id=an_id(name),
        message_id=an_id("message"),
        what=name,
        words="by Friday",
        start=0,
        end=9,
        due=AT,
        said_at=AT,
        said_by="ben",
        channel="chat",
        language="en",
        confidence=0.9,
        rule="en.day",
        calendar="default",
        calendar_version="1",
        backed=False,
    )


HISTORY: tuple[Fact, ...] = (
    made("in time", "ana"),
    kept("in time", late=False),
    made("late", "ana"),
    PromiseBroken(case_id=CASE, promise_id=an_id("late"), due=AT),
    kept("late", late=True),
    made("never", "ben", "shop/M-1"),
    PromiseRenegotiated(
        case_id=CASE, promise_id=an_id("never"), due_before=AT, due=AT, at_risk_from=AT, reason="asked"
    ),
    PromiseBroken(case_id=CASE, promise_id=an_id("never"), due=AT),
    made("free", "rules"),
    PromiseReleased(case_id=CASE, promise_id=an_id("free"), reason="not needed"),
    found("confirmed"),
    made("confirmed", "ben", "shop/M-1"),
    found("waiting"),
    found("no promise"),
    FoundPromiseDismissed(case_id=CASE, promise_id=an_id("no promise"), reason="none", dismissed_by="ben"),
)


@pytest.fixture(scope="module")
async def conn(service_database: MakeServiceDatabase) -> AsyncIterator[AsyncConnection]:
    async with open_casebook(service_database) as book:
        events = [recorded(fact, AT + timedelta(seconds=n), n) for n, fact in enumerate(HISTORY, 1)]
        await go_live(book.database, [events])
        async with book.database.engine.connect() as made_conn:
            yield made_conn


async def test_each_agents_promises_are_counted_by_what_became_of_them(conn: AsyncConnection) -> None:
    lines = {line.name: line for line in (await ledger(conn, LedgerQuery(), TEAMS)).lines}
    assert lines.keys() == {"ana", "ben", "rules"}
    ana, ben = lines["ana"], lines["ben"]
    assert (ana.made, ana.kept, ana.late, ana.broken, ana.kept_share) == (2, 1, 1, 0, 0.5)
    assert (ben.made, ben.broken, ben.renegotiated, ben.open, ben.found, ben.kept_share) == (2, 1, 1, 1, 1, 0)
    assert (lines["rules"].released, lines["rules"].kept_share) == (1, None)


async def test_teams_add_up_their_people(conn: AsyncConnection) -> None:
    teams = {line.name: line.made for line in (await ledger(conn, LedgerQuery(by="team"), TEAMS)).lines}
    assert teams == {"front desk": 4, "policy": 1}
    nobody = (await ledger(conn, LedgerQuery(by="team"), {})).lines
    assert [(line.name, line.made) for line in nobody] == [("no team", 5)]


async def test_a_clause_answers_for_the_promises_that_rest_on_it(conn: AsyncConnection) -> None:
    clauses = {line.name: line.made for line in (await ledger(conn, LedgerQuery(by="clause"), TEAMS)).lines}
    assert clauses == {"clause shop/R-1": 3, "clause shop/M-1": 2}


async def test_promises_made_before_are_not_counted(conn: AsyncConnection) -> None:
    assert (await ledger(conn, LedgerQuery(since=AT + timedelta(days=1)), TEAMS)).lines == []


async def test_what_waits_to_be_confirmed_is_listed_and_counts_as_no_promise(conn: AsyncConnection) -> None:
    [waiting] = await found_promises(conn)
    assert (waiting.promise_id, waiting.said_by, waiting.backed) == (an_id("waiting"), "ben", False)
