"""Clock scenarios as a table: reads a row, and plays it through the rules of followup."""

import csv
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.followup.domain.commands import PauseClock, ResumeClock, RetargetClock
from services.followup.domain.policies.clock_rules import ClockRule, ClockRules, PinnedCalendar, RegimeClocks
from services.followup.domain.policies.clock_state import Clock
from shared.contracts.followup_clocks import TimeTarget
from shared.kernel.worktime import Calendar
from tests.support.desk import Desk
from tests.support.followups import CASE, RULES, opened
from tests.support.recorded import recorded

TABLE = Path(__file__).parents[1] / "unit" / "clock_scenarios.csv"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PINNED = "test"
STEP = re.compile(r"(pause|resume|retarget(?P<target> .+)?) (?P<at>\d{4}-\d\d-\d\d \d\d:\d\d(?: second)?)")


class Step(NamedTuple):
    """What a person does to the clock, and when."""

    verb: str
    at: datetime
    target: TimeTarget | None = None


class Scenario(NamedTuple):
    """One row of the table."""

    name: str
    calendar: Calendar
    start: datetime
    target: TimeTarget
    steps: tuple[Step, ...]
    due: datetime

    @property
    def pauses(self) -> list[tuple[datetime, datetime]]:
        """Give the pauses that are over."""
        stopped = [step.at for step in self.steps if step.verb == "pause"]
        went_on = [step.at for step in self.steps if step.verb == "resume"]
        return list(zip(stopped, went_on, strict=True))

    @property
    def last_target(self) -> TimeTarget:
        """Give the target that holds in the end."""
        return next((step.target for step in reversed(self.steps) if step.target), self.target)


def scenarios() -> list[Scenario]:
    """Read the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [_scenario(row) for row in csv.DictReader(file)]


def play(scenario: Scenario) -> tuple[Desk, Clock]:
    """Start a clock, do to it what the scenario says, and give how it then stands."""
    desk = Desk(RULES.__class__(RULES.cadence, RULES.calendar, _rules(scenario)))
    fact = opened().model_copy(update={"received_at": scenario.start})
    desk.hear(recorded(fact, scenario.start))
    for step in scenario.steps:
        if step.verb == "pause":
            desk.do(PauseClock(CASE, step.at, "sue", ("supervisor",), "limit", "the carrier looks for it", "carrier"))
        elif step.verb == "resume":
            desk.do(ResumeClock(CASE, step.at, "sue", ("supervisor",), "limit", "found"))
        elif step.target is not None:
            desk.do(RetargetClock(CASE, step.at, "sue", ("supervisor",), "limit", step.target, "agreed"))
    [clock] = desk.state.clocks.items.values()
    return desk, clock


def clock_rules(calendar: Calendar, target: TimeTarget) -> ClockRules:
    """Give rules with one clock, `limit`, that starts with the case."""
    rule = ClockRule.model_validate(
        {
            "name": "limit",
            "metric": "resolution",
            "title": "a limit",
            "held_by": "care",
            "target": target.model_dump(),
            "calendar": PINNED,
            "starts": ["intake.case_opened"],
            "meets": ["followup.case_resolved"],
        }
    )
    return ClockRules(
        regimes=(RegimeClocks({}, (rule,)),),
        calendars={PINNED: PinnedCalendar(PINNED, "1", calendar)},
        versions={"1": calendar},
    )


def _rules(scenario: Scenario) -> ClockRules:
    return clock_rules(scenario.calendar, scenario.target)


def _scenario(row: dict[str, str]) -> Scenario:
    zone = ZoneInfo(row["zone"])
    holidays = frozenset(date.fromisoformat(day) for day in row["holidays"].split())
    return Scenario(
        name=row["scenario"],
        calendar=Calendar(row["zone"], hours_of(row["hours"]), holidays),
        start=instant(row["start"], zone),
        target=target_of(row["target"]),
        steps=tuple(_step(part.strip(), zone) for part in row["steps"].split(";") if part.strip()),
        due=instant(row["due"], zone),
    )


def hours_of(written: str) -> tuple[tuple[tuple[time, time], ...], ...]:
    """Read working hours such as `mon-fri 09:00-13:00 14:00-18:00, sat 10:00-14:00`."""
    week: list[tuple[tuple[time, time], ...]] = [()] * 7
    for part in written.split(","):
        days, *periods = part.split()
        first, _, last = days.partition("-")
        for number in range(DAYS.index(first), DAYS.index(last or first) + 1):
            week[number] = tuple(_period(period) for period in periods)
    return tuple(week)


def target_of(written: str) -> TimeTarget:
    """Read a target such as `3 working_days close_of_work rolls`."""
    amount, unit, *more = written.split()
    ends = "close_of_work" if "close_of_work" in more else "midnight"
    return TimeTarget.model_validate({"amount": amount, "unit": unit, "ends": ends, "rolls": "rolls" in more})


def instant(written: str, zone: ZoneInfo) -> datetime:
    """Read a local time; `second` marks the later one of an hour that comes twice."""
    text, _, which = written.strip().partition(" second")
    local = datetime.fromisoformat(text.strip().replace(" ", "T"))
    later = written.rstrip().endswith("second")
    assert not which.strip()
    return local.replace(tzinfo=zone, fold=int(later)).astimezone(UTC)


def shown(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant as the table does."""
    local = at.astimezone(zone)
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset() and local.fold == 1
    return f"{local:%Y-%m-%d %H:%M}{' second' if twice else ''}"


def _period(written: str) -> tuple[time, time]:
    begin, _, end = written.partition("-")
    return time.fromisoformat(begin), time.fromisoformat(end)


def _step(written: str, zone: ZoneInfo) -> Step:
    match = re.fullmatch(
        r"(pause|resume|retarget(?P<target> .+)?) (?P<at>\d{4}-\d\d-\d\d \d\d:\d\d(?: second)?)", written
    )
    assert match, written
    target = match["target"]
    return Step(match[1].split()[0], instant(match["at"], zone), target_of(target) if target else None)
