"""Clocks agree with one that looks at every minute, in any zone, over any change of the clock, pause and target."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.followup.domain.policies.clock_spans import tell
from services.followup.domain.policies.clock_time import due_of
from shared.contracts.followup_clocks import TimeTarget
from shared.kernel.worktime import Calendar
from tests.support.clock_scenarios import Scenario, Step, play, scenarios
from tests.support.slow_clock import MINUTE, SlowCalendar, slow_due, slow_running

ZONES = (
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
)
EVES = (
    date(2026, 3, 7),
    date(2026, 3, 28),
    date(2026, 4, 4),
    date(2026, 10, 3),
    date(2026, 10, 24),
    date(2026, 12, 30),
)
LIMITS = {
    "minutes": 3000,
    "hours": 60,
    "working_hours": 12,
    "working_days": 4,
    "calendar_days": 6,
    "weeks": 1,
    "months": 1,
}
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def weeks(draw: st.DrawFn) -> tuple[tuple[tuple[time, time], ...], ...]:
    """Up to two periods a day, on any minute of the hour, and night shifts."""
    week = []
    for _ in range(7):
        edges = sorted(draw(st.sets(st.integers(0, 1439), min_size=2, max_size=4)))
        edges = edges[: len(edges) // 2 * 2]
        periods = [(_time(a), _time(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        if draw(st.integers(0, 5)) == 0:
            periods = [(periods[-1][1], periods[0][0])]  # from the evening into the next morning
        week.append(tuple(periods))
    for free in draw(st.sets(st.integers(0, 6), max_size=3)):
        week[free] = ()
    return tuple(week)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any zone and week, with holidays near the start."""
    eve = draw(st.sampled_from(EVES))
    holidays = frozenset(eve + timedelta(days=n) for n in draw(st.sets(st.integers(0, 5), max_size=2)))
    return Calendar(draw(st.sampled_from(ZONES)), draw(weeks()), holidays)


@st.composite
def starts(draw: st.DrawFn) -> datetime:
    """A full minute near a change of some clock."""
    eve = datetime.combine(draw(st.sampled_from(EVES)), time(), UTC)
    return eve + MINUTE * draw(st.integers(-1440, 2880))


@st.composite
def targets(draw: st.DrawFn) -> TimeTarget:
    """A limit in any unit."""
    unit = draw(st.sampled_from(sorted(LIMITS)))
    ends = draw(st.sampled_from(["midnight", "close_of_work"]))
    amount = draw(st.integers(1, LIMITS[unit]))
    return TimeTarget.model_validate({"amount": amount, "unit": unit, "ends": ends, "rolls": draw(st.booleans())})


@st.composite
def lives(draw: st.DrawFn) -> Scenario:
    """A clock with up to two pauses and another target, all of it before it runs out."""
    calendar, start, target = draw(calendars()), draw(starts()), draw(targets())
    steps: list[Step] = []
    at, last = start, target
    pauses: list[tuple[datetime, datetime]] = []
    for _ in range(draw(st.integers(0, 2))):
        left = int((due_of(start, last, calendar, pauses) - at) / MINUTE) - 1
        if left < 1:
            break
        since = at + MINUTE * draw(st.integers(1, left))
        until = since + MINUTE * draw(st.integers(1, 3 * 1440))
        steps += [Step("pause", since), Step("resume", until)]
        pauses.append((since, until))
        at = until
    if draw(st.booleans()):
        last = draw(targets())
        steps.append(Step("retarget", at + MINUTE, last))
    return Scenario("any", calendar, start, target, tuple(steps), start)


def slow_calendar(calendar: Calendar) -> SlowCalendar:
    """Give the same calendar to the slow clock."""
    return SlowCalendar(ZoneInfo(calendar.zone), calendar.hours, calendar.holidays)


def by_minutes(scenario: Scenario) -> datetime:
    """Ask the slow clock when a scenario's clock runs out."""
    target = scenario.last_target
    about = slow_calendar(scenario.calendar), scenario.pauses
    return slow_due(scenario.start, target.amount, target.unit, target.ends, target.rolls, *about)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_the_table_is_what_counting_minutes_gives(scenario: Scenario) -> None:
    assert by_minutes(scenario) == scenario.due


@SLOW
@given(lives())
def test_a_clock_runs_out_when_counting_minutes_says(scenario: Scenario) -> None:
    _, clock = play(scenario)
    assert clock.due(scenario.calendar) == by_minutes(scenario)


@SLOW
@given(lives(), st.integers(1, 6000))
def test_every_minute_of_a_clock_is_labelled_once_and_rightly(scenario: Scenario, minutes: int) -> None:
    _, clock = play(scenario)
    end = max([scenario.start, *(step.at for step in scenario.steps)]) + minutes * MINUTE
    told = tell(clock, scenario.calendar, end)
    assert told.spans[0].start == scenario.start
    assert told.spans[-1].end == end
    assert [span.end for span in told.spans[:-1]] == [span.start for span in told.spans[1:]]
    if scenario.last_target.unit in ("working_hours", "working_days"):
        counted = slow_running(scenario.start, end, slow_calendar(scenario.calendar), scenario.pauses)
        assert {state: told.sums.get(state, timedelta(0)) / MINUTE for state in counted} == counted


@given(calendars(), starts(), targets(), st.integers(1, 5000))
@settings(max_examples=200, deadline=None)
def test_a_pause_never_makes_it_due_sooner(
    calendar: Calendar, start: datetime, target: TimeTarget, minutes: int
) -> None:
    due = due_of(start, target, calendar)
    since = start + (due - start) / 2
    until = since + minutes * MINUTE
    assert max(due, until) <= due_of(start, target, calendar, [(since, until)])


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)
