"""A hundred and more clocks, as a table: zones, holidays, changes of the clock, pauses and other targets."""

import pytest

from services.followup.domain.policies.clock_spans import tell
from tests.support.clock_scenarios import Scenario, play, scenarios

ALL = scenarios()
each = pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)


def test_the_table_holds_a_hundred_scenarios_of_different_names() -> None:
    assert len({scenario.name for scenario in ALL}) == len(ALL) >= 100


@each
def test_the_clock_runs_out_when_the_table_says(scenario: Scenario) -> None:
    _, clock = play(scenario)
    assert clock.due(scenario.calendar) == scenario.due


@each
def test_the_breach_comes_at_that_time_and_is_explained_to_the_second(scenario: Scenario) -> None:
    desk, _ = play(scenario)
    desk.wait(scenario.due)
    [clock] = desk.state.clocks.items.values()
    assert clock.alarms["breached"] == scenario.due
    told = tell(clock, scenario.calendar, scenario.due)
    assert sum((span.end - span.start for span in told.spans), start=scenario.due - scenario.due) == (
        scenario.due - scenario.start
    )
    assert [span.end for span in told.spans[:-1]] == [span.start for span in told.spans[1:]]
    paused = sum((until - since for since, until in scenario.pauses), start=scenario.due - scenario.due)
    assert told.sums.get("paused", paused - paused) == paused
