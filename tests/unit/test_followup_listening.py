"""What followup makes of the other services' facts, rule by rule."""

from datetime import UTC, datetime, timedelta

import pytest

from services.followup import CHARTER
from shared.contracts.catalogue import facts_of
from shared.contracts.event import Fact
from shared.contracts.followup import (
    CaseReopened,
    CaseResolved,
    CaseTakenUp,
    CheckInAnswered,
    MatterNoted,
    MessageNoted,
    PromiseMade,
)
from shared.contracts.values import Backing
from tests.support.desk import Desk
from tests.support.followups import (
    CASE,
    CUSTOMER,
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

HOUR = timedelta(hours=1)
QUIET = datetime(2026, 11, 30, 17, tzinfo=UTC)
"""Five working days after Monday 23 November: the end of work on Monday 30."""


def desk_with(*facts: Fact) -> Desk:
    """Give a desk that heard these facts on Monday, a minute apart."""
    desk = Desk()
    for minute, fact in enumerate(facts):
        desk.tell(fact, timedelta(minutes=minute))
    return desk


def types(facts: list[Fact]) -> list[type[Fact]]:
    """Give the classes of facts."""
    return [type(fact) for fact in facts]


def test_an_opened_case_is_taken_up_once() -> None:
    desk = Desk()
    taken_up = CaseTakenUp(case_id=CASE, customer_id=CUSTOMER, channel="chat", received_at=MONDAY)
    assert desk.tell(opened()) == [taken_up]
    assert desk.tell(opened()) == []


def test_what_policy_grants_is_promised_in_working_days() -> None:
    [_, promise] = desk_with(opened()).tell(granted("m1", working_days=5))
    assert isinstance(promise, PromiseMade)
    assert promise.what == "a replacement for m1"
    assert promise.customer_id == CUSTOMER
    assert promise.due == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert promise.at_risk_from == datetime(2026, 11, 29, 17, tzinfo=UTC)
    assert promise.backing == Backing(kind="clause", reference="shop/returns", version="1")
    assert promise.made_by == "rules"


def test_a_short_promise_is_at_risk_at_half_its_time() -> None:
    [_, promise] = desk_with(opened()).tell(granted("m1", working_days=0))
    assert isinstance(promise, PromiseMade)
    assert promise.due == MONDAY + timedelta(hours=7)
    assert promise.at_risk_from == MONDAY + timedelta(hours=3.5)


def test_what_is_approved_is_promised_with_its_conditions() -> None:
    approved = decided("m1", "approved", ("the item comes back", "by Friday"))
    [_, promise] = desk_with(opened()).tell(approved)
    assert isinstance(promise, PromiseMade)
    assert promise.what == "full refund for m1 (on condition: the item comes back; by Friday)"
    assert promise.backing == Backing(kind="decision", reference=str(an_id("exception m1")))
    assert promise.made_by == "sue"
    assert promise.due == datetime(2026, 11, 26, 17, tzinfo=UTC)


def test_a_promise_waits_until_the_customer_is_known() -> None:
    desk = desk_with(granted("m1"))
    assert desk.state.in_debt
    assert not desk.state.promises
    [_, promise] = desk.tell(opened(), HOUR)
    assert isinstance(promise, PromiseMade)
    assert promise.due == datetime(2026, 11, 25, 17, tzinfo=UTC)  # counted from when it was granted
    assert not desk.state.owed


@pytest.mark.parametrize("last", [boundary("m1"), decided("m1", "rejected"), decided("m1", "expired")])
def test_an_answer_that_nobody_contradicts_resolves_the_case(last: Fact) -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), proposed("m1"), decided("m1", "rejected"), last)
    assert desk.wait(QUIET - HOUR) == []
    resolution = desk.wait(QUIET)[0]
    assert isinstance(resolution, CaseResolved)
    assert resolution.resolved_by == "rules"
    assert resolution.closes_at == datetime(2026, 12, 14, 17, tzinfo=UTC)


def test_a_counter_offer_that_nobody_takes_up_resolves_the_case_too() -> None:
    desk = desk_with(opened(), assessed("m1"), proposed("m1"), decided("m1", "countered"))
    assert CaseResolved in types(desk.wait(QUIET))
    assert Backing(kind="decision", reference=str(an_id("exception m1"))) in desk.state.backings


@pytest.mark.parametrize(
    "open_matter",
    [[granted("m2")], [referred("m2")], [proposed("m2")], [received("m2")]],
    ids=lambda facts: facts[0].TYPE,
)
def test_silence_settles_nothing_while_something_is_open(open_matter: list[Fact]) -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), boundary("m1"), *open_matter)
    assert CaseResolved not in types(desk.wait(QUIET + timedelta(days=90)))


def test_a_withdrawn_exception_is_no_answer() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), proposed("m1"), decided("m1", "withdrawn"))
    assert desk.wait(QUIET + timedelta(days=90)) == []


def test_a_referred_request_is_open_until_it_is_answered() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), referred("m1"))
    [note] = desk.tell(boundary("m1"), timedelta(minutes=9))
    assert isinstance(note, MatterNoted)
    assert note.quiet_until == QUIET


def test_a_message_stops_the_silence_until_it_is_read() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), boundary("m1"))
    [heard] = desk.tell(received("m2"), timedelta(days=1))
    assert heard == MessageNoted(case_id=CASE, message_id=an_id("m2"), at=MONDAY + timedelta(days=1), read=False)
    assert not desk.timers
    [noted] = desk.tell(assessed("m2", asks=False), timedelta(days=1, minutes=1))
    assert isinstance(noted, MessageNoted)
    assert noted.quiet_until == QUIET + timedelta(days=1)


def test_a_message_of_an_unanswered_case_needs_no_note() -> None:
    assert desk_with(opened()).tell(received("m1")) == []


def test_a_message_heard_after_its_reading_changes_nothing() -> None:
    desk = desk_with(opened(), assessed("m1"), boundary("m1"))
    assert desk.tell(received("m1"), HOUR) == []


def test_a_late_reply_reopens_a_resolved_case() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), boundary("m1"))
    desk.wait(QUIET)
    facts = desk.tell(received("m2"), timedelta(days=7, hours=8))
    assert facts[0] == CaseReopened(case_id=CASE, reason="the customer wrote again", message_id=an_id("m2"))
    assert types(facts) == [CaseReopened, MessageNoted]
    assert desk.state.check_in is None


def test_a_late_reply_reopens_just_once_whichever_topic_is_first() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), boundary("m1"))
    desk.wait(QUIET)
    assert CaseReopened in types(desk.tell(assessed("m2"), timedelta(days=7, hours=8)))
    assert desk.tell(received("m2"), timedelta(days=7, hours=9)) == []


def test_news_on_a_request_reopens_a_resolved_case() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), boundary("m1"))
    desk.wait(QUIET)
    assert types(desk.tell(granted("m1"), timedelta(days=8))) == [CaseReopened, MatterNoted, PromiseMade]


def test_a_language_that_was_not_recognised_changes_nothing() -> None:
    desk = desk_with(opened(), assessed("m1", language="es"), assessed("m2", language="und"))
    assert desk.state.language == "es"


def test_a_correction_counts_as_a_new_reading() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1", asks=False), boundary("m1"))
    [note] = desk.tell(corrected("m1"), HOUR)
    assert isinstance(note, MessageNoted)
    desk.wait(QUIET + timedelta(days=1))
    facts = desk.tell(corrected("m1", asks=True), timedelta(days=9))
    assert facts[0] == CaseReopened(
        case_id=CASE, reason="the customer asks for something again", message_id=an_id("m1")
    )
    assert CheckInAnswered not in types(facts)


def test_other_facts_ask_nothing_of_followup() -> None:
    assert Desk().tell(CaseTakenUp(case_id=CASE, customer_id=CUSTOMER)) == []


def test_the_charter_names_every_fact_of_followup() -> None:
    assert CHARTER.publishes == tuple(facts_of("followup"))
