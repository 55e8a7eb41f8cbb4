"""Promises from the first word to the last: backing, due dates, evidence, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from services.followup.domain.commands import (
    Command,
    KeepPromise,
    MakePromise,
    ReleasePromise,
    RenegotiatePromise,
    ResolveCase,
)
from services.followup.domain.decider import make_decider
from shared.contracts.event import Fact
from shared.contracts.followup import (
    CaseReopened,
    CaseResolved,
    CheckInScheduled,
    FollowupAttemptRefused,
    PromiseAtRisk,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.contracts.values import Backing
from shared.kernel.errors import NotFound
from tests.support.desk import Desk
from tests.support.followups import (
    CASE,
    MONDAY,
    RULES,
    an_id,
    assessed,
    boundary,
    decided,
    granted,
    opened,
    proposed,
)
from tests.support.scenario import Scenario

PROMISE = an_id("promise")
CLAUSE = Backing(kind="clause", reference="shop/returns")
DECISION = Backing(kind="decision", reference=str(an_id("exception m1")))
DUE = datetime(2026, 11, 26, 17, tzinfo=UTC)
ANA = ("ana", ("agent",))


def promising(backing: Backing = CLAUSE, due: datetime | None = DUE, now: datetime = MONDAY) -> MakePromise:
    """Ana promises a voucher."""
    return MakePromise(CASE, now, *ANA, PROMISE, "a voucher", backing, due)


def keeping(now: datetime = MONDAY, kept_at: datetime | None = None) -> KeepPromise:
    """Ana says that it is kept."""
    return KeepPromise(CASE, now, *ANA, PROMISE, "voucher 4711", kept_at)


def moving(due: datetime, now: datetime = MONDAY) -> RenegotiatePromise:
    """Ana agreed on another time."""
    return RenegotiatePromise(CASE, now, *ANA, PROMISE, due, "customer is away")


def releasing() -> ReleasePromise:
    """The customer no longer wants it."""
    return ReleasePromise(CASE, MONDAY, *ANA, PROMISE, "not needed")


def at_work(*commands: Command) -> Desk:
    """Give a desk with a case whose request was refused under a clause, after these commands."""
    desk = Desk()
    for fact in (opened(), assessed("m1"), boundary("m1")):
        desk.tell(fact)
    for command in commands:
        desk.do(command)
    return desk


def codes(facts: list[Fact]) -> list[str]:
    """Give the reason codes of refusals."""
    return [fact.reason_code for fact in facts if isinstance(fact, FollowupAttemptRefused)]


def test_a_promise_rests_on_a_clause_stated_in_the_case() -> None:
    [promise] = at_work().do(promising())
    assert isinstance(promise, PromiseMade)
    assert promise.backing == Backing(kind="clause", reference="shop/returns", version="1")
    assert promise.made_by == "ana"
    assert promise.due == DUE
    assert promise.at_risk_from == DUE - timedelta(hours=24)


def test_without_a_due_time_the_backing_sets_it() -> None:
    [promise] = at_work().do(promising(due=None))
    assert isinstance(promise, PromiseMade)
    assert promise.due == datetime(2026, 11, 30, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "backing",
    [
        Backing(kind="clause", reference="shop/other"),
        Backing(kind="clause", reference="shop/returns", version="2"),
        Backing(kind="decision", reference="shop/returns"),
        DECISION,
    ],
)
def test_a_promise_without_backing_is_refused_and_recorded(backing: Backing) -> None:
    facts = at_work().do(promising(backing))
    assert codes(facts) == ["unbacked"]
    assert "clause shop/returns" in str(facts[0])


@pytest.mark.parametrize(("outcome", "backed"), [("approved", True), ("countered", True), ("rejected", False)])
def test_a_decision_backs_a_promise_when_it_grants_something(outcome: str, backed: bool) -> None:
    desk = at_work()
    desk.tell(proposed("m1"))
    desk.tell(decided("m1", outcome))
    facts = desk.do(promising(DECISION))
    assert codes(facts) == ([] if backed else ["unbacked"])


def test_a_due_time_must_lie_ahead() -> None:
    assert codes(at_work().do(promising(due=MONDAY))) == ["due_not_later"]
    assert codes(at_work(promising()).do(moving(MONDAY))) == ["due_not_later"]


def test_the_same_promise_twice_is_one_promise() -> None:
    assert at_work(promising()).do(promising()) == []


def test_nothing_is_promised_in_a_case_that_is_not_known() -> None:
    scenario = Scenario(make_decider(RULES))
    with pytest.raises(NotFound, match="case_id"):
        scenario.given().when(promising())
    with pytest.raises(NotFound, match="case_id"):
        scenario.given().when(ResolveCase(CASE, MONDAY, *ANA, "told"))


def test_a_promise_reopens_a_resolved_case() -> None:
    desk = at_work(ResolveCase(CASE, MONDAY, *ANA, "told by phone"))
    facts = desk.do(promising(due=None))
    assert [type(fact) for fact in facts] == [CaseReopened, PromiseMade]


def test_nothing_is_promised_in_a_closed_case() -> None:
    desk = at_work(ResolveCase(CASE, MONDAY, *ANA, "told by phone"))
    desk.wait(MONDAY + timedelta(days=60))
    assert codes(desk.do(promising(now=MONDAY + timedelta(days=60), due=None))) == ["case_closed"]


def test_the_last_kept_promise_resolves_the_case_and_schedules_a_check_in() -> None:
    facts = at_work(promising()).do(keeping())
    assert facts[0] == PromiseKept(
        case_id=CASE, promise_id=PROMISE, evidence="voucher 4711", kept_at=MONDAY, late=False
    )
    assert [type(fact) for fact in facts] == [PromiseKept, CaseResolved, CheckInScheduled]


def test_a_released_promise_is_over_too() -> None:
    facts = at_work(promising()).do(releasing())
    assert [type(fact) for fact in facts] == [PromiseReleased, CaseResolved, CheckInScheduled]


def test_one_kept_promise_of_two_resolves_nothing() -> None:
    desk = at_work(promising())
    desk.tell(granted("m1"))
    assert [type(fact) for fact in desk.do(keeping())] == [PromiseKept]


def test_a_kept_promise_resolves_nothing_while_an_exception_waits() -> None:
    desk = at_work(promising())
    desk.tell(proposed("m1"))
    assert [type(fact) for fact in desk.do(keeping())] == [PromiseKept]


def test_time_puts_a_promise_at_risk_and_then_breaks_it() -> None:
    desk = at_work(promising())
    assert desk.wait(DUE - timedelta(hours=25)) == []
    assert desk.wait(DUE - timedelta(hours=24)) == [PromiseAtRisk(case_id=CASE, promise_id=PROMISE, due=DUE)]
    assert desk.wait(DUE - timedelta(seconds=1)) == []
    assert desk.wait(DUE) == [PromiseBroken(case_id=CASE, promise_id=PROMISE, due=DUE)]
    assert desk.wait(DUE + timedelta(days=90)) == []


def test_a_broken_promise_can_be_kept_late() -> None:
    desk = at_work(promising())
    desk.wait(DUE)
    kept = desk.do(keeping(DUE + timedelta(days=1)))[0]
    assert isinstance(kept, PromiseKept)
    assert kept.late
    assert desk.state.status == "resolved"


def test_a_promise_kept_in_time_and_noted_later_is_not_late() -> None:
    desk = at_work(promising())
    kept = desk.do(keeping(DUE + timedelta(days=1), kept_at=DUE))[0]
    assert isinstance(kept, PromiseKept)
    assert not kept.late


def test_a_promise_cannot_be_kept_in_the_future() -> None:
    assert codes(at_work(promising()).do(keeping(kept_at=DUE))) == ["kept_in_future"]


def test_a_renegotiated_promise_has_a_new_due_time_and_keeps_the_old_one_on_record() -> None:
    later = DUE + timedelta(days=7)
    desk = at_work(promising())
    assert desk.do(moving(later)) == [
        PromiseRenegotiated(
            case_id=CASE,
            promise_id=PROMISE,
            due_before=DUE,
            due=later,
            at_risk_from=later - timedelta(hours=24),
            reason="customer is away",
        )
    ]
    assert desk.wait(DUE) == []
    assert [type(fact) for fact in desk.wait(later)] == [PromiseAtRisk, PromiseBroken]


def test_a_promise_that_is_over_stays_over() -> None:
    for last in (keeping(), releasing()):
        desk = at_work(promising(), last)
        state = {KeepPromise: "already_kept", ReleasePromise: "already_released"}[type(last)]
        for again in (keeping(), releasing(), moving(DUE)):
            assert codes(desk.do(again)) == [state]


def test_an_unknown_promise_is_not_found() -> None:
    with pytest.raises(NotFound, match="promise_id"):
        at_work().do(keeping())
