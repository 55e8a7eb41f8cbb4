"""Cases: lists by filter and sort, one case with all that belongs to it, and a customer with theirs."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import ARRAY, Select, Text, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.projections.search import Search, words_of
from services.casebook.queries.boards import approvals_of, promises_of
from services.casebook.queries.paging import Ordering, Page, cut, next_after
from services.casebook.queries.standing import measures_of, needs_of
from services.casebook.queries.views import AddressView, CaseDetail, CaseView, CustomerView, Status, money
from services.casebook.tables import (
    LISTED,
    SUBJECT_WORDS,
    address_search,
    case_list,
    case_search,
    case_timeline,
    customer,
    customer_address,
)
from shared.kernel.errors import MalformedInput, NotFound, RecourseError
from shared.runtime.as_of import AsOfQuery

CASE = case_list.c
TRACKING_CODE = re.compile(r"RC-[0-9A-Z-]+")
CASES_OF_CUSTOMER = 100
OWED = ("open", "waiting")

Sort = Literal["newest", "oldest", "heard", "due", "priority"]
Limit = Annotated[int, Field(ge=1, le=200, description="How many items a page holds at most.")]
After = Annotated[str | None, Field(max_length=4000, description="`next` of the page before.")]


# Read with each row rather than kept in it: that would write a case's row at every event.
_own = case_timeline.c.case_id == CASE.case_id
CASES = select(
    case_list,
    select(func.count()).where(_own).scalar_subquery().label("events"),
    select(func.max(case_timeline.c.recorded_at)).where(_own).scalar_subquery().label("last_event_at"),
).where(LISTED)


class Sorted(NamedTuple):
    """How a sort orders the list."""

    order: Ordering
    descending: bool


SORTS: Mapping[Sort, Sorted] = {
    "newest": Sorted((CASE.opened_at, CASE.case_id), descending=True),
    "oldest": Sorted((CASE.opened_at, CASE.case_id), descending=False),
    "heard": Sorted((CASE.last_heard_at, CASE.case_id), descending=True),
    "due": Sorted((CASE.answer_due, CASE.case_id), descending=False),
    "priority": Sorted((CASE.rank, CASE.answer_due, CASE.case_id), descending=False),
}


class CaseQuery(AsOfQuery):
    """Which cases, in which order; filters that are not sent do not narrow the list."""

    status: Status | None = None
    channel: str | None = Field(default=None, examples=["email"])
    kind: str | None = Field(default=None, description="A demand kind.", examples=["unfounded_demand"])
    tone: str | None = Field(default=None, examples=["angry"])
    customer: str | None = Field(default=None, description="A customer's id, or one of their addresses.")
    q: str | None = Field(default=None, max_length=200, description="A tracking code, or words of the subject.")
    opened_after: datetime | None = None
    opened_before: datetime | None = None
    sort: Sort = Field(
        default="newest",
        description="`heard`: whose customer wrote last comes first; `due`: the answer due first, of open and waiting"
        " cases unless a status is asked for; `priority`: emergencies, then by urgency, then by the answer due, of open"
        " cases unless a status is asked for.",
    )
    after: After = None
    limit: Limit = 50


class NoSearch(RecourseError):
    """Words and addresses are blinded with a key of the vault, and there is no vault here."""

    status = 503
    title = "There is no search"


async def list_cases(conn: AsyncConnection, asked: CaseQuery, search: Search | None = None) -> Page[CaseView]:
    """Give one page of cases; raises MalformedInput naming the parameter that cannot be read.

    `search` blinds the words and addresses that are asked for; raises NoSearch when it is needed and not there.
    """
    found = CASES
    for column, value in ((CASE.status, asked.status), (CASE.channel, asked.channel), (CASE.kind, asked.kind)):
        if value is not None:
            found = found.where(column == value)
    if asked.tone is not None:
        found = found.where(CASE.tone == asked.tone)
    if asked.customer is not None:
        found = found.where(CASE.customer_id.in_(await _customers(conn, asked.customer, search)))
    if asked.opened_after is not None:
        found = found.where(CASE.opened_at > asked.opened_after)
    if asked.opened_before is not None:
        found = found.where(CASE.opened_at < asked.opened_before)
    if asked.q is not None:
        found = await _search(found, asked.q, search)
    if asked.sort == "heard":
        found = found.where(CASE.last_heard_at.isnot(None))
    if asked.sort == "due" and asked.status is None:
        found = found.where(CASE.status.in_(OWED))
    if asked.sort == "priority" and asked.status is None:
        found = found.where(CASE.status == "open")
    order, descending = SORTS[asked.sort]
    query = cut(found, order, descending=descending, name=asked.sort, after=asked.after, limit=asked.limit)
    rows = (await conn.execute(query)).mappings().all()
    items = [case_view(row) for row in rows[: asked.limit]]
    return Page(items=items, next=next_after(rows, order, name=asked.sort, limit=asked.limit))


async def one_case(conn: AsyncConnection, case: str) -> CaseDetail:
    """Give a case by id or tracking code; raises NotFound."""
    row = (await conn.execute(_named(CASES, case))).mappings().first()
    if row is None:
        raise _no_case(case)
    case_id = row["case_id"]
    name = await conn.scalar(select(customer.c.name).where(customer.c.customer_id == row["customer_id"]))
    return CaseDetail(
        **case_view(row).model_dump(),
        customer_name=name,
        conduct=await measures_of(conn, row["customer_id"]),
        vulnerabilities=await needs_of(conn, row["customer_id"]),
        approvals=await approvals_of(conn, case_id),
        promise_list=await promises_of(conn, case_id),
    )


async def case_id_of(conn: AsyncConnection, case: str) -> UUID:
    """Give the id of a case named by id or tracking code; an id is taken as it is. Raises NotFound."""
    known = _id(case) or await conn.scalar(_named(select(CASE.case_id), case))
    if known is None:
        raise _no_case(case)
    return known


async def one_customer(conn: AsyncConnection, customer_id: UUID) -> CustomerView:
    """Give a customer with addresses and newest cases; raises NotFound."""
    who = (await conn.execute(select(customer).where(customer.c.customer_id == customer_id))).mappings().first()
    addresses = select(customer_address).where(customer_address.c.customer_id == customer_id)
    cases = CASES.where(CASE.customer_id == customer_id)
    newest = cases.order_by(CASE.opened_at.desc(), CASE.case_id.desc()).limit(CASES_OF_CUSTOMER)
    found = [case_view(row) for row in (await conn.execute(newest)).mappings()]
    if who is None and not found:
        raise NotFound(f"there is no customer {customer_id}", field="customer_id")
    known = (await conn.execute(addresses.order_by(customer_address.c.known_since))).mappings()
    return CustomerView(
        customer_id=customer_id,
        name=who and who["name"],
        known_since=who and who["known_since"],
        addresses=[AddressView.model_validate(dict(row)) for row in known],
        cases=found,
        conduct=await measures_of(conn, customer_id),
        vulnerabilities=await needs_of(conn, customer_id),
    )


def case_view(row: Mapping[Any, Any]) -> CaseView:
    """Show a row of the case list."""
    return CaseView.model_validate({**row, "amount": money({**row})})


async def _customers(conn: AsyncConnection, named: str, search: Search | None) -> list[UUID]:
    if known := _id(named):
        return [known]
    blinded = await _blinding(search).address(named)
    found = select(address_search.c.customer_id).where(address_search.c.address == blinded).distinct()
    return list((await conn.scalars(found)).all())


async def _search(query: Select[Any], q: str, search: Search | None) -> Select[Any]:
    if TRACKING_CODE.fullmatch(q.strip().upper()):
        return query.where(CASE.tracking_code == q.strip().upper())
    if not words_of(q):
        raise MalformedInput("has no word to look for", field="q", fix="send a tracking code, or words of the subject")
    words = literal(await _blinding(search).words(q), ARRAY(Text))
    return query.where(CASE.case_id.in_(select(case_search.c.case_id).where(SUBJECT_WORDS.op("@>")(words))))


def _blinding(search: Search | None) -> Search:
    if search is None:
        raise NoSearch("words and addresses are found with a key of the vault", fix="start casebook with its vault")
    return search


def _named(query: Select[Any], case: str) -> Select[Any]:
    known = _id(case)
    return query.where(CASE.case_id == known if known else CASE.tracking_code == case.strip().upper())


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _no_case(case: str) -> NotFound:
    return NotFound(
        f"there is no case {case}", field="case", fix="give a case id or a tracking code, such as RC-7F3K-9QXD"
    )
