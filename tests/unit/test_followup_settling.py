"""How a case is resolved, asked about, reopened and closed."""

from datetime import UTC, datetime, timedelta

from services.followup.domain.commands import KeepPromise, LetTimePass, MakePromise, ResolveCase
from shared.contracts.event import Fact
from shared.contracts.followup import (
    CaseClosed,
    CaseReopened,
    CaseResolved,
    CheckInAnswered,
    CheckInAsked,
    CheckInScheduled,
    FollowupAttemptRefused,
    MessageNoted,
    PromiseBroken,
)
from shared.contracts.values import Backing
from tests.support.desk import Desk
from tests.support.followups import (
    CASE,
    MONDAY,
    an_id,
    assessed,
    boundary,
    corrected,
    decided,
    granted,
    opened,
    proposed,
    received,
    referred,
)

TUESDAY = datetime(2026, 11, 24, 17, tzinfo=UTC)
CLOSE = datetime(2026, 12, 7, 17, tzinfo=UTC)
LATER = timedelta(days=2)
ANA = ("ana", ("agent",))


def resolving(now: datetime = MONDAY) -> ResolveCase:
    """Ana says that it is answered."""
    return ResolveCase(CASE, now, *ANA, "told by phone")


def resolved_desk(*more: Fact) -> Desk:
    """Give a desk whose case ana resolved on Monday."""
    desk = Desk()
    for fact in (opened(), received("m1"), assessed("m1", language="es"), boundary("m1"), *more):
        desk.tell(fact)
    desk.do(resolving())
    return desk


def asked_desk() -> Desk:
    """Give a desk whose customer was asked on Tuesday whether it is settled."""
    desk = resolved_desk()
    assert [type(fact) for fact in desk.wait(TUESDAY)] == [CheckInAsked]
    return desk


def check_in_of(desk: Desk) -> CheckInScheduled:
    """Give the check-in that was scheduled last."""
    return [fact for fact in desk.facts if isinstance(fact, CheckInScheduled)][-1]


def refused(desk: Desk, now: datetime = MONDAY) -> str:
    """Give the reason code with which resolving is refused."""
    [fact] = desk.do(resolving(now))
    assert isinstance(fact, FollowupAttemptRefused)
    return fact.reason_code


def test_a_person_resolves_a_case_and_the_customer_will_be_asked() -> None:
    desk = resolved_desk(referred("m2"))
    resolution, check_in = desk.facts[-2:]
    assert resolution == CaseResolved(case_id=CASE, how="told by phone", resolved_by="ana", closes_at=CLOSE)
    assert isinstance(check_in, CheckInScheduled)
    assert check_in.due == TUESDAY
    assert check_in.about == "told by phone"


def test_a_case_with_open_ends_is_not_resolved() -> None:
    desk = Desk()
    desk.tell(opened())
    desk.tell(proposed("m1"))
    assert refused(desk) == "exception_open"
    desk.tell(decided("m1", "approved"))
    assert refused(desk) == "promises_open"
    assert refused(resolved_desk()) == "already_resolved"
    closed = resolved_desk()
    closed.wait(CLOSE)
    assert refused(closed, CLOSE) == "already_closed"


def test_the_customer_is_asked_in_their_language() -> None:
    desk = resolved_desk()
    assert desk.wait(TUESDAY) == [CheckInAsked(case_id=CASE, check_in_id=check_in_of(desk).check_in_id, language="es")]


def test_a_yes_leaves_the_case_resolved() -> None:
    desk = asked_desk()
    assert desk.tell(received("m2"), LATER) == []
    facts = desk.tell(assessed("m2", asks=False, settled=True), LATER)
    assert facts[0] == CheckInAnswered(
        case_id=CASE, check_in_id=check_in_of(desk).check_in_id, message_id=an_id("m2"), settled=True
    )
    assert [type(fact) for fact in facts] == [CheckInAnswered, MessageNoted]
    assert desk.state.status == "resolved"


def test_a_no_reopens_the_case() -> None:
    desk = asked_desk()
    facts = desk.tell(assessed("m2", asks=False, settled=False), LATER)
    assert [type(fact) for fact in facts] == [CheckInAnswered, CaseReopened, MessageNoted]
    assert desk.state.status == "open"
    assert desk.tell(received("m2"), LATER) == []


def test_a_new_demand_instead_of_an_answer_reopens_the_case() -> None:
    facts = asked_desk().tell(assessed("m2"), LATER)
    assert [type(fact) for fact in facts] == [CaseReopened, MessageNoted]


def test_an_answer_that_says_neither_leaves_the_question_open() -> None:
    desk = asked_desk()
    assert [type(fact) for fact in desk.tell(assessed("m2", asks=False), LATER)] == [MessageNoted]
    assert CheckInAnswered in [type(fact) for fact in desk.tell(assessed("m3", settled=True), LATER)]


def test_what_was_said_before_the_question_is_no_answer_to_it() -> None:
    desk = asked_desk()
    facts = desk.tell(corrected("m1", asks=False, settled=True), LATER)
    assert CheckInAnswered not in [type(fact) for fact in facts]


def test_a_corrected_answer_counts() -> None:
    desk = asked_desk()
    desk.tell(assessed("m2", asks=False, settled=True), LATER)
    facts = desk.tell(corrected("m2", asks=False, settled=False), LATER)
    assert [type(fact) for fact in facts][:2] == [CheckInAnswered, CaseReopened]


def test_a_thank_you_after_the_answer_asks_no_second_question() -> None:
    desk = asked_desk()
    desk.tell(assessed("m2", asks=False, settled=True), LATER)
    assert CaseReopened in [type(fact) for fact in desk.tell(received("m3"), LATER)]
    desk.tell(assessed("m3", asks=False), LATER)
    later = [type(fact) for fact in desk.wait(MONDAY + timedelta(days=60))]
    assert later == [CaseResolved, CaseClosed]


def test_a_case_that_was_not_settled_is_asked_about_again() -> None:
    desk = asked_desk()
    desk.tell(assessed("m2", asks=False, settled=False), LATER)
    later = [type(fact) for fact in desk.wait(MONDAY + timedelta(days=60))]
    assert later == [CaseResolved, CheckInScheduled, CheckInAsked, CaseClosed]


def test_a_resolved_case_closes_when_nobody_comes_back() -> None:
    desk = asked_desk()
    assert desk.wait(CLOSE - timedelta(hours=1)) == []
    assert desk.wait(CLOSE) == [CaseClosed(case_id=CASE, reason="the question whether it is settled stayed unanswered")]


def test_a_reopened_case_does_not_close() -> None:
    desk = resolved_desk()
    desk.tell(received("m2"), LATER)
    assert desk.wait(CLOSE + timedelta(days=90)) == []


def test_a_message_that_was_on_its_way_reopens_a_closed_case() -> None:
    desk = resolved_desk()
    desk.do(LetTimePass(CASE, CLOSE))
    assert [type(fact) for fact in desk.tell(received("m2"), timedelta(days=15))] == [CaseReopened, MessageNoted]


def test_a_demand_that_comes_instead_of_an_answer_reopens_a_closed_case() -> None:
    desk = asked_desk()
    desk.wait(CLOSE)
    assert desk.tell(received("m2"), timedelta(days=15)) == []
    facts = desk.tell(assessed("m2"), timedelta(days=15))
    assert [type(fact) for fact in facts] == [CaseReopened, MessageNoted]


def test_after_a_long_standstill_the_customer_is_not_asked_about_a_case_that_closes() -> None:
    desk = resolved_desk()
    [closed] = desk.do(LetTimePass(CASE, CLOSE + timedelta(days=1)))
    assert closed == CaseClosed(case_id=CASE, reason="nothing more came")


def test_after_a_long_standstill_a_promise_is_broken_without_a_warning() -> None:
    desk = Desk()
    desk.tell(opened())
    desk.tell(granted("m1"))
    assert [type(fact) for fact in desk.do(LetTimePass(CASE, MONDAY + timedelta(days=30)))] == [PromiseBroken]


def test_a_new_promise_asks_anew_when_it_is_kept() -> None:
    desk = asked_desk()
    promise = MakePromise(
        CASE, TUESDAY, *ANA, an_id("p"), "a voucher", Backing(kind="clause", reference="shop/returns")
    )
    desk.do(promise)
    facts = desk.do(KeepPromise(CASE, TUESDAY, *ANA, an_id("p"), "voucher 1"))
    assert CheckInScheduled in [type(fact) for fact in facts]
