"""What can be learnt from refusals, exceptions and promises, counted over real rows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.casebook.queries.insight_views import InsightsView
from services.casebook.queries.insights import Threshold, insights
from shared.contracts.approvals import ExceptionApproved, ExceptionRejected, ExceptionRequested
from shared.contracts.event import Fact, Recorded
from shared.contracts.followup import CaseReopened, CaseResolved, CheckInAnswered, PromiseKept, PromiseMade
from shared.contracts.triage import BoundaryStated
from shared.contracts.values import Alternative, Authority, Backing, ClauseRef, Money, Quorum
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import go_live, open_casebook
from tests.support.recorded import START, recorded

pytestmark = pytest.mark.backends
SPACE = UUID("0190a000-0000-7000-8000-0000000000fe")
CLAUSE = ClauseRef(policy="shop", version="2026.1", clause="R-2", text="After 30 days nothing is returned.")
BY = Authority(role="supervisor", matrix="test")
TEAMS = {"ana": "front desk"}


def name(what: str, nth: int) -> UUID:
    return uuid5(SPACE, f"{what} {nth}")


def refusal(nth: int) -> BoundaryStated:
    return BoundaryStated(
        case_id=name("case", nth),
        boundary_id=name("boundary", nth),
        request_id=name("request", nth),
        message_id=name("message", nth),
        kind="buyers_remorse",
        limit="No.",
        clause=CLAUSE,
        reason="It is late.",
        alternatives=(Alternative(offer="a voucher", benefit="yours at once"),),
        appeal="Answer appeal.",
        language="en",
        text="No.",
    )


def request(nth: int) -> ExceptionRequested:
    return ExceptionRequested(
        case_id=name("case", nth),
        exception_id=name("exception", nth),
        request_id=name("request", nth),
        kind="buyers_remorse",
        clause=CLAUSE,
        deviation="a refund",
        reason="asked",
        proposed_by="rules",
        required_role="supervisor",
        quorum=Quorum(),
        deadline=START + timedelta(hours=4),
        language="en",
    )


def approval(nth: int) -> ExceptionApproved:
    return ExceptionApproved(
        case_id=name("case", nth),
        exception_id=name("exception", nth),
        request_id=name("request", nth),
        decided_by=("sue",),
        authority=BY,
        deviation="a refund",
        note="fair",
        language="en",
        amount=Money(amount=Decimal(20), currency="EUR"),
    )


def rejection(nth: int) -> ExceptionRejected:
    return ExceptionRejected(
        case_id=name("case", nth),
        exception_id=name("exception", nth),
        request_id=name("request", nth),
        decided_by="sue",
        authority=BY,
        reason="too late",
        language="en",
    )


def promise(nth: int, who: str) -> PromiseMade:
    return PromiseMade(
        case_id=name("case", nth),
        promise_id=name("promise", nth),
        customer_id=name("customer", nth),
        what="a refund",
        due=START + timedelta(days=3),
        at_risk_from=START + timedelta(days=2),
        backing=Backing(kind="clause", reference="shop/R-2"),
        made_by=who,
    )


def told() -> list[Fact]:
    """Seven refusals: five are decided on, three of them in favour; one is accepted; one case comes back."""
    facts: list[Fact] = [refusal(nth) for nth in range(7)]
    facts += [request(nth) for nth in range(5)]
    facts += [approval(nth) for nth in range(3)] + [rejection(nth) for nth in (3, 4)]
    for nth in (5, 6):
        facts.append(CaseResolved(case_id=name("case", nth), how="silence", resolved_by="rules", closes_at=START))
    facts.append(CaseReopened(case_id=name("case", 6), reason="came back"))
    answer = CheckInAnswered(
        case_id=name("case", 5), check_in_id=name("check-in", 5), message_id=name("message", 5), settled=True
    )
    kept = PromiseKept(
        case_id=name("case", 0), promise_id=name("promise", 0), evidence="paid", kept_at=START, late=True
    )
    return [*facts, answer, promise(0, "ana"), promise(1, "zoe"), kept]


def log(facts: list[Fact]) -> list[Recorded]:
    """Give facts as each owner's log holds them: positions without a gap."""
    places: dict[tuple[str, int], int] = {}
    events: list[Recorded] = []
    for fact in facts:
        event = recorded(fact)
        place = (event.log, event.log_part)
        places[place] = places.get(place, 0) + 1
        events.append(event._replace(position=places[place], event_id=uuid5(SPACE, f"event {len(events)}")))
    return events


@pytest.fixture(scope="module")
async def found(service_database: MakeServiceDatabase) -> AsyncIterator[InsightsView]:
    async with open_casebook(service_database) as casebook:
        await go_live(casebook.database, [log(told())])
        async with casebook.database.engine.connect() as conn:
            yield await insights(conn, None, TEAMS, Threshold(5, 0.3))


def test_refusals_are_counted_by_clause_with_what_came_next(found: InsightsView) -> None:
    [clause] = found.clauses
    numbers: dict[str, Any] = clause.model_dump(
        include={"refused", "appealed", "accepted", "reopened", "settled", "unsettled"}
    )
    assert numbers == {
        "refused": 7,
        "appealed": 5,
        "accepted": 1,
        "reopened": 1,
        "settled": 1,
        "unsettled": 0,
    }


def test_a_clause_that_is_excepted_more_often_than_not_should_change(found: InsightsView) -> None:
    [clause] = found.clauses
    assert clause.exceptions == {"approved": 3, "rejected": 2}
    assert clause.granted_share == pytest.approx(0.6)
    assert clause.should_change
    assert [(one.amount, one.currency) for one in clause.granted] == [(Decimal(60), "EUR")]


def test_promises_are_counted_by_the_team_of_who_made_them(found: InsightsView) -> None:
    teams = {one.team: (one.promised, one.made, one.kept, one.kept_late) for one in found.teams}
    assert teams == {"front desk": (1, 0, 0, 1), "no team": (1, 1, 0, 0)}
