"""What starts, pauses, hands over and ends the clocks of a case, who is told, and how it is explained."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from services.followup.adapters.policy_files import load_clocks
from services.followup.domain.commands import PauseClock, ResolveCase, ResumeClock, RetargetClock
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.policies.clock_rules import ClockFile, ClockRule
from services.followup.domain.policies.clock_spans import Told, tell
from services.followup.domain.policies.clock_state import Clock
from shared.contracts.event import Fact
from shared.contracts.followup import CaseTakenUp, FollowupAttemptRefused
from shared.contracts.followup_clocks import ClockChange, ClockMoves, ClocksMoved, TimeTarget
from shared.kernel.errors import MalformedInput, NotFound
from tests.support.desk import Desk
from tests.support.followups import (
    CASE,
    MONDAY,
    RULES,
    assessed,
    boundary,
    corrected,
    decided,
    granted,
    opened,
    proposed,
    received,
    referred,
    sent,
)
from tests.support.recorded import recorded

POLICIES = Path(__file__).parents[2] / "policies"
CLOCKS = load_clocks(POLICIES)
SHOP = FollowupRules(RULES.cadence, RULES.calendar, CLOCKS)
WEEK = TimeTarget(amount=1, unit="weeks")
HOUR = timedelta(hours=1)  # MONDAY is 11:00 in Madrid, where people work until 18:00, on Fridays until 15:00


def desk_with(*facts: Fact) -> Desk:
    desk = Desk(SHOP)
    for number, fact in enumerate(facts):
        desk.tell(fact, number * timedelta(seconds=1))
    return desk


def moves_of(facts: list[Fact]) -> list[ClockMoves]:
    found = [fact.moves if isinstance(fact, ClocksMoved) else getattr(fact, "clocks", None) for fact in facts]
    return [moves for moves in found if moves is not None]


def changes(facts: list[Fact]) -> list[ClockChange]:
    return [change for moves in moves_of(facts) for change in moves.changes]


def verbs(facts: list[Fact]) -> set[tuple[str, str]]:
    return {(change.clock, change.verb) for change in changes(facts)}


def the(desk: Desk, name: str) -> Clock:
    clock = desk.state.clocks.of(name)
    assert clock is not None
    return clock


def explained(desk: Desk, name: str, after: timedelta) -> Told:
    return tell(the(desk, name), CLOCKS.calendar(the(desk, name).calendar_version), MONDAY + after)


def test_the_opening_starts_the_clocks_in_the_fact_that_it_leads_to_anyway() -> None:
    [fact] = desk_with(opened()).facts
    assert isinstance(fact, CaseTakenUp)
    assert verbs([fact]) == {("first_response", "started"), ("resolution", "started")}
    assert {change.due for change in changes([fact]) if change.clock == "first_response"} == {
        datetime(2026, 11, 24, 9, tzinfo=UTC)
    }


def test_the_first_answer_under_policy_or_by_a_person_meets_the_first_clock() -> None:
    for answer in (boundary("m1"), granted("m1"), sent("s1")):
        assert (
            the(desk_with(opened(), received("m1"), assessed("m1"), answer), "first_response").standing().status
            == "met"
        )


def test_an_acknowledgement_is_no_answer() -> None:
    desk = desk_with(opened(), sent("s1", purpose="acknowledgement"))
    assert the(desk, "first_response").standing().status == "running"


def test_each_further_message_has_a_clock_of_its_own() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), boundary("m1"))
    assert desk.state.clocks.of("next_response") is None
    for name, after in (("m2", HOUR), ("m3", 4 * HOUR)):
        desk.tell(received(name), after)
        desk.tell(assessed(name), after)
        assert the(desk, "next_response").standing().status == "running"
        desk.tell(boundary(name), after + HOUR)
        assert the(desk, "next_response").standing().status == "met"
    assert sum(clock.name == "next_response" for clock in desk.state.clocks.items.values()) == 2


def test_we_do_not_count_the_time_in_which_we_wait_for_the_customer() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"))
    desk.tell(boundary("m1"), 2 * HOUR)
    desk.tell(assessed("m2"), 5 * HOUR)
    told = explained(desk, "resolution", 6 * HOUR)
    assert [(span.state, span.held_by, span.cause) for span in told.spans] == [
        ("running", "care", "intake.case_opened"),
        ("paused", "customer", "triage.boundary_stated"),
        ("running", "care", "intake.message_received"),
    ]
    assert told.sums == {"running": 3 * HOUR, "paused": 3 * HOUR}
    assert told.held == {"care": 3 * HOUR, "customer": 3 * HOUR}


def test_what_we_granted_is_ours_to_do_and_pauses_nothing() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), granted("m1"))
    assert the(desk, "resolution").standing().status == "running"


def test_the_time_of_an_exception_is_held_by_those_who_decide() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"))
    desk.tell(proposed("m1"), HOUR)
    desk.tell(decided("m1", "approved"), 4 * HOUR)
    told = explained(desk, "resolution", 5 * HOUR)
    assert told.held == {"care": 2 * HOUR, "approvals": 3 * HOUR}
    assert explained(desk, "approval", 5 * HOUR).status == "met"


def test_a_referral_has_a_clock_for_the_team() -> None:
    desk = desk_with(opened(), received("m1"), assessed("m1"), referred("m1"))
    assert the(desk, "referral").standing().status == "running"
    desk.tell(boundary("m1"), HOUR)  # the rules' answer to another request of the message
    assert the(desk, "referral").standing().status == "running"
    desk.tell(sent("m2", at=MONDAY + 2 * HOUR), 2 * HOUR)
    assert the(desk, "referral").standing().status == "met"


def test_a_persons_pause_is_ended_by_a_person_alone() -> None:
    desk = desk_with(opened())
    desk.do(PauseClock(CASE, MONDAY + HOUR, "ana", ("agent",), "resolution", "the carrier looks", "carrier"))
    desk.tell(assessed("m2"), 2 * HOUR)
    assert the(desk, "resolution").standing().status == "paused"
    assert explained(desk, "resolution", 3 * HOUR).held == {"care": HOUR, "carrier": 2 * HOUR}
    desk.do(ResumeClock(CASE, MONDAY + 3 * HOUR, "ana", ("agent",), "resolution", "found"))
    assert the(desk, "resolution").standing().status == "running"


def test_a_person_may_take_over_a_pause_that_a_rule_made() -> None:
    desk = desk_with(opened(), boundary("m1"))
    desk.do(PauseClock(CASE, MONDAY + HOUR, "ana", ("agent",), "resolution", "the carrier looks", "carrier"))
    desk.tell(assessed("m2"), 2 * HOUR)
    assert the(desk, "resolution").standing().status == "paused"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (ResumeClock(CASE, MONDAY, "ana", ("agent",), "resolution", "r"), "not_paused"),
        (PauseClock(CASE, MONDAY, "ana", ("agent",), "first_response", "r", "w"), "already_met"),
        (
            RetargetClock(CASE, MONDAY, "ana", ("agent",), "resolution", WEEK, "r"),
            "not_allowed",
        ),
        (
            RetargetClock(CASE, MONDAY, "s", ("manager",), "first_response", WEEK, "r"),
            "already_met",
        ),
    ],
)
def test_what_does_not_fit_how_a_clock_stands_is_refused_and_on_record(
    command: PauseClock | ResumeClock | RetargetClock, code: str
) -> None:
    desk = desk_with(opened(), received("m1"), granted("m1"))
    [fact] = desk.do(command)
    assert isinstance(fact, FollowupAttemptRefused)
    assert fact.reason_code == code


def test_a_clock_that_the_case_has_not_is_not_found() -> None:
    with pytest.raises(NotFound, match="resolution"):
        desk_with(opened()).do(ResumeClock(CASE, MONDAY, "ana", ("agent",), "tea", "r"))


def test_people_are_warned_and_told_before_and_after_due_each_once() -> None:
    desk = desk_with(opened())
    told = changes(desk.wait(MONDAY + timedelta(days=20)))
    of_first = [
        (change.verb, change.level, change.whom, change.at) for change in told if change.clock == "first_response"
    ]
    due = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert of_first == [
        ("warned", "2 before", "care", datetime(2026, 11, 23, 16, tzinfo=UTC)),
        ("breached", None, None, due),
        ("escalated", "late", "supervisor", due + HOUR / 2),
        ("escalated", "a day late", "manager", due + 8 * HOUR),
    ]
    assert changes(desk.wait(MONDAY + timedelta(days=40))) == []


def test_another_target_moves_the_alarms_and_keeps_the_original_due_time() -> None:
    desk = desk_with(opened())
    before = the(desk, "resolution").original_due
    target = TimeTarget(amount=80, unit="working_hours")
    desk.do(RetargetClock(CASE, MONDAY + HOUR, "sue", ("supervisor",), "resolution", target, "an expert must look"))
    breaches = [
        c for c in changes(desk.wait(MONDAY + timedelta(days=30))) if (c.clock, c.verb) == ("resolution", "breached")
    ]
    assert [change.at > before + timedelta(days=5) for change in breaches] == [True]
    assert the(desk, "resolution").original_due == before


def test_an_answer_that_comes_late_is_a_breach_even_if_no_timer_said_so() -> None:
    desk = Desk(SHOP)
    desk.tell(opened())
    facts = desk.tell(boundary("m1"), timedelta(days=3))
    assert {("first_response", "breached"), ("first_response", "met")} <= verbs(facts)


def test_what_was_late_when_we_heard_of_it_is_told_a_minute_later() -> None:
    desk = Desk(SHOP)
    long_ago = MONDAY - timedelta(days=90)
    desk.hear(recorded(opened().model_copy(update={"received_at": long_ago}), MONDAY))
    assert desk.wait(MONDAY + timedelta(seconds=59)) == []
    desk.tell(sent("s1", at=long_ago + HOUR), timedelta(seconds=30))
    assert ("first_response", "breached") not in verbs(desk.wait(MONDAY + HOUR))


def test_a_resolved_case_that_is_reopened_goes_on_where_it_stopped() -> None:
    desk = desk_with(opened())
    desk.do(ResolveCase(CASE, MONDAY + 2 * HOUR, "ana", ("agent",), "told"))
    assert the(desk, "resolution").standing().status == "met"
    desk.tell(received("m2"), 5 * HOUR)
    told = explained(desk, "resolution", 6 * HOUR)
    assert told.status == "running"
    assert told.sums == {"running": 3 * HOUR, "stopped": 3 * HOUR}


def test_readings_and_answers_heard_before_the_opening_count_all_the_same() -> None:
    facts = [opened(), received("m1"), assessed("m1"), boundary("m1")]
    events = [recorded(fact, MONDAY + n * HOUR, n) for n, fact in enumerate(facts)]
    in_order, triage_first = Desk(SHOP), Desk(SHOP)
    in_order.hear(*events)
    triage_first.hear(events[2], events[3], events[0], events[1])
    for name in ("first_response", "resolution"):
        assert the(triage_first, name).standing() == the(in_order, name).standing()


def test_a_decision_heard_before_the_message_that_it_came_after_still_answers_it() -> None:
    desk = desk_with(opened(), boundary("m0"), proposed("m0"))
    late, early = (
        recorded(assessed("m1"), MONDAY + HOUR, 50),
        recorded(decided("m0", "rejected"), MONDAY + 2 * HOUR, 51),
    )
    desk.hear(early, late)
    assert the(desk, "next_response").standing().status == "met"
    assert the(desk, "resolution").standing().status == "paused"


def test_a_rule_that_names_no_fact_or_half_a_day_is_refused() -> None:
    written = yaml.safe_load((POLICIES / "clocks" / "default.yaml").read_text("utf-8"))["clocks"][0]
    with pytest.raises(ValidationError, match="is no fact"):
        ClockRule.model_validate({**written, "starts": ["intake.case_lost"]})
    with pytest.raises(ValidationError, match="no whole number"):
        ClockRule.model_validate({**written, "target": {"amount": 1.5, "unit": "working_days"}})
    with pytest.raises(ValidationError, match="written twice"):
        ClockFile.model_validate({"version": "1", "clocks": [written, written]})


def test_two_regimes_may_not_share_the_name_of_a_clock(tmp_path: Path) -> None:
    for name in ("clocks", "calendars", "gdpr"):
        (tmp_path / name).symlink_to(POLICIES / name)
    (tmp_path / "regimes").mkdir()
    twice = {"version": "1", "default": "clocks/default.yaml", "regimes": [{"policy": "gdpr"}, {"policy": "gdpr"}]}
    (tmp_path / "regimes" / "default.yaml").write_text(yaml.safe_dump(twice))
    with pytest.raises(MalformedInput, match="two regimes have a clock gdpr_response"):
        load_clocks(tmp_path)


def test_a_correction_that_is_heard_before_the_case_counts_as_one() -> None:
    said = (received("m0"), assessed("m0"), referred("m0"), corrected("m0", settled=True))
    in_order, triage_first = Desk(SHOP), Desk(SHOP)
    moments = [timedelta(minutes=number) for number in range(5)]
    for fact, at in zip((opened(), *said), moments, strict=True):
        in_order.tell(fact, at)
    for fact, at in sorted(zip((opened(), *said), moments, strict=True), key=lambda one: one[0].TYPE < "triage"):
        triage_first.tell(fact, at)
    assert the(in_order, "referral").standing().status == "met"
    assert the(triage_first, "referral").standing() == the(in_order, "referral").standing()
