"""Every question is answered over an index at 200,000 cases, and in pages that miss nothing."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.projections.search import Search
from services.casebook.queries import boards, cases, counters, standing, timeline
from services.casebook.queries.boards import ApprovalQuery, PromiseQuery
from services.casebook.queries.cases import CaseQuery
from services.casebook.queries.standing import ConductQuery
from services.casebook.queries.views import CaseView
from shared.kernel.errors import MalformedInput, NotFound
from tests.support.backends import MakeServiceDatabase
from tests.support.big_casebook import fill
from tests.support.casebook import open_casebook
from tests.support.memory_vault import OpenlyBlind

pytestmark = pytest.mark.backends
CASES = 200_000
SMALL = {"counter"}  # one row a day, name and log partition, however many cases there are
Ask = Callable[[AsyncConnection], Awaitable[Any]]
SEARCH = Search(OpenlyBlind())
A_CASE = UUID("11111111-1111-4111-8111-111111111111")


@pytest.fixture(scope="module")
async def conn(service_database: MakeServiceDatabase) -> AsyncIterator[AsyncConnection]:
    async with open_casebook(service_database) as casebook:
        owner = await asyncpg.connect(casebook.made.migration_database_url.replace("+asyncpg", ""))
        try:
            await fill(owner, CASES)
        finally:
            await owner.close()
        async with casebook.database.engine.connect() as conn:
            yield await conn.execution_options(isolation_level="AUTOCOMMIT")


def asked(**filters: Any) -> Ask:
    return lambda conn: cases.list_cases(conn, CaseQuery(**filters), SEARCH)


async def second_page(conn: AsyncConnection) -> Any:
    first = await cases.list_cases(conn, CaseQuery(status="closed", limit=10))
    return await cases.list_cases(conn, CaseQuery(status="closed", limit=10, after=first.next))


async def case_by_id(conn: AsyncConnection) -> Any:
    case_id = (await cases.list_cases(conn, CaseQuery(limit=1))).items[0].case_id
    return await cases.one_case(conn, str(case_id))


async def case_by_code(conn: AsyncConnection) -> Any:
    code = (await cases.list_cases(conn, CaseQuery(limit=1))).items[0].tracking_code
    assert (await cases.list_cases(conn, CaseQuery(q=code.lower()))).items[0].tracking_code == code
    return await cases.one_case(conn, code.lower())


async def customer(conn: AsyncConnection) -> Any:
    customer_id = (await cases.list_cases(conn, CaseQuery(limit=1))).items[0].customer_id
    return await cases.one_customer(conn, customer_id)


async def party(conn: AsyncConnection) -> Any:
    case = (await cases.list_cases(conn, CaseQuery(limit=1))).items[0]
    assert case.customer_id is not None
    return await timeline.timeline_of_party(conn, case.case_id, case.customer_id, None, 100)


SPRING = {"opened_after": datetime(2024, 3, 1, tzinfo=UTC), "opened_before": datetime(2024, 3, 8, tzinfo=UTC)}
QUESTIONS: dict[str, Ask] = {
    **{f"sort {sort}": asked(sort=sort) for sort in cases.SORTS},
    **{f"open, sort {sort}": asked(status="open", sort=sort) for sort in cases.SORTS},
    "status": asked(status="waiting"),
    "channel": asked(channel="phone"),
    "kind": asked(kind="buyers_remorse"),
    "tone": asked(tone="abusive"),
    "all filters": asked(status="open", channel="email", kind="other", tone="calm", **SPRING),
    "nothing matches": asked(status="open", channel="carrier_pigeon"),
    "opened in a week": asked(**SPRING),
    "opened in a week, by last message": asked(sort="heard", **SPRING),
    "customer by address": asked(customer="kim4711@example.org"),
    "customer by id": asked(customer=str(A_CASE)),
    "rare word": asked(q="order 4711"),
    "common word": asked(q="refund"),
    "second page": second_page,
    "case by code": case_by_code,
    "case by id": case_by_id,
    "customer": customer,
    "timeline of a party": party,
    "measures": lambda conn: standing.list_measures(conn, ConductQuery()),
    "measures to review": lambda conn: standing.list_measures(conn, ConductQuery(review_due=True)),
    "timeline": lambda conn: timeline.timeline_of(conn, A_CASE, None, 100),
    "events of a case": lambda conn: timeline.events_after(conn, 8, A_CASE, None, 100),
    "events": lambda conn: timeline.events_after(conn, 8, None, None, 100),
    "end of events": lambda conn: timeline.events_after(conn, 8, None, "end", 100),
    "approvals": lambda conn: boards.list_approvals(conn, ApprovalQuery()),
    "approvals by state": lambda conn: boards.list_approvals(conn, ApprovalQuery(state="requested")),
    "approvals by role": lambda conn: boards.list_approvals(conn, ApprovalQuery(state="requested", role="manager")),
    "promises": lambda conn: boards.list_promises(conn, PromiseQuery()),
    "promises by state": lambda conn: boards.list_promises(conn, PromiseQuery(state="broken")),
    "promises due": lambda conn: boards.list_promises(conn, PromiseQuery(due_before=datetime(2024, 2, 1, tzinfo=UTC))),
    "counters": lambda conn: counters.count_all(conn, None, None),
    "counters of a month": lambda conn: counters.count_all(conn, date(2024, 2, 1), date(2024, 2, 29)),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_reads_a_big_table_whole(conn: AsyncConnection, question: str) -> None:
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        sent.append((statement, parameters))

    event.listen(conn.sync_connection, "before_cursor_execute", note)
    try:
        await QUESTIONS[question](conn)
    finally:
        event.remove(conn.sync_connection, "before_cursor_execute", note)
    assert sent
    for statement, parameters in sent:
        explained = await conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plan = explained.scalar_one()
        read = seq_scans((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
        assert read <= SMALL, f"{question} reads all of {read}"


def seq_scans(plan: dict[str, Any]) -> set[str]:
    here = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return here.union(*(seq_scans(below) for below in plan.get("Plans", ())))


@pytest.mark.parametrize("sort", cases.SORTS)
async def test_pages_follow_each_other_without_gap_or_repeat(conn: AsyncConnection, sort: cases.Sort) -> None:
    whole = await cases.list_cases(conn, CaseQuery(sort=sort, status="resolved", limit=200))
    seen: list[CaseView] = []
    after: str | None = None
    while len(seen) < 200:
        page = await cases.list_cases(conn, CaseQuery(sort=sort, status="resolved", limit=40, after=after))
        seen += page.items
        after = page.next
    assert seen == whole.items
    assert len({case.case_id for case in seen}) == 200


async def test_measures_are_paged_by_their_day_of_review(conn: AsyncConnection) -> None:
    whole = await standing.list_measures(conn, ConductQuery(limit=60))
    first = await standing.list_measures(conn, ConductQuery(limit=30))
    second = await standing.list_measures(conn, ConductQuery(limit=30, after=first.next))
    assert first.items + second.items == whole.items
    assert [one.review_on for one in whole.items] == sorted(one.review_on for one in whole.items)
    due = await standing.list_measures(conn, ConductQuery(review_due=True, limit=200))
    assert {one.review_due for one in due.items} == {True}


async def test_a_party_is_shown_only_to_who_has_a_part(conn: AsyncConnection) -> None:
    with pytest.raises(NotFound, match="party"):
        await timeline.timeline_of_party(conn, A_CASE, A_CASE, None, 10)


async def test_the_last_page_has_no_next(conn: AsyncConnection) -> None:
    page = await cases.list_cases(conn, CaseQuery(customer="kim10@example.org"), SEARCH)
    assert len(page.items) == 3
    assert page.next is None


async def test_a_cursor_of_another_sort_is_refused(conn: AsyncConnection) -> None:
    page = await cases.list_cases(conn, CaseQuery(sort="due", limit=1))
    for query in (CaseQuery(after=page.next), CaseQuery(after="nonsense"), CaseQuery(after="WzEsMiwzXQ")):
        with pytest.raises(MalformedInput, match="after: "):
            await cases.list_cases(conn, query)


async def test_a_search_without_words_is_refused(conn: AsyncConnection) -> None:
    with pytest.raises(MalformedInput, match="q: has no word"):
        await cases.list_cases(conn, CaseQuery(q=" -'& "), SEARCH)


async def test_words_are_found_by_their_beginning_in_any_case(conn: AsyncConnection) -> None:
    found = await cases.list_cases(conn, CaseQuery(q="REFU 199996"), SEARCH)
    assert [case.subject for case in found.items] == ["refund of order 199996"]


async def test_unknown_names_are_not_found(conn: AsyncConnection) -> None:
    for name in (str(A_CASE), "RC-NONE"):
        with pytest.raises(NotFound, match=f"there is no case {name}"):
            await cases.one_case(conn, name)
    with pytest.raises(NotFound):
        await cases.one_customer(conn, A_CASE)


async def test_following_the_feed_gives_every_event_once(conn: AsyncConnection) -> None:
    seen: set[UUID] = set()
    after: str | None = None
    for _ in range(20):
        page = await timeline.events_after(conn, 8, None, after, 333)
        assert len(page.items) == 333
        assert not seen & {entry.event_id for entry in page.items}
        assert [e.recorded_at for e in page.items] == sorted(e.recorded_at for e in page.items)
        seen |= {entry.event_id for entry in page.items}
        after = page.next
    end = await timeline.events_after(conn, 8, None, "end", 10)
    assert (await timeline.events_after(conn, 8, None, end.next, 10)).items == []
