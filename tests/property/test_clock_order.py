"""Clocks stand the same, in whichever order intake and triage are heard; decisions of approvals come hops later."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from services.followup.adapters.policy_files import load_clocks
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.policies.clock_time import Pause
from shared.contracts.followup import CaseReopened, CaseResolved
from tests.property.test_followup_laws import Phase, by_topic, merged, phases
from tests.support.desk import Desk
from tests.support.followups import RULES

CLOCKS = load_clocks(Path(__file__).parents[2] / "policies")
WITH_CLOCKS = FollowupRules(RULES.cadence, RULES.calendar, CLOCKS)


class Stands(NamedTuple):
    """How a clock stands."""

    started: datetime
    status: str
    since: datetime | None
    pauses: tuple[Pause, ...]
    due: datetime | None


def standing(desk: Desk) -> dict[str, Stands]:
    """Tell how each clock of the case stands, by name and cycle."""
    found: dict[str, Stands] = {}
    for clock in sorted(desk.state.clocks.items.values(), key=lambda clock: (clock.name, clock.started)):
        stands = clock.standing()
        due = clock.due(CLOCKS.calendar(clock.calendar_version), stands)
        number = sum(name.startswith(f"{clock.name} ") for name in found)
        found[f"{clock.name} {number}"] = Stands(clock.started, stands.status, stands.since, stands.pauses, due)
    return found


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_clocks_do_not_depend_on_whether_intake_or_triage_is_heard_first(data: st.DataObject) -> None:
    history: list[Phase] = data.draw(phases())
    as_recorded, otherwise = Desk(WITH_CLOCKS), Desk(WITH_CLOCKS)
    events = [event for phase in history for event in phase.events if event.log != "approvals"]
    as_recorded.hear(*events)
    otherwise.hear(*data.draw(merged(by_topic(events))))
    assert otherwise.state.clocks.kinds == as_recorded.state.clocks.kinds
    assert not any(isinstance(fact, CaseResolved | CaseReopened) for fact in as_recorded.facts)
    assert standing(otherwise) == standing(as_recorded)


@given(phases())
@settings(max_examples=100, deadline=None)
def test_a_clock_that_ran_out_is_told_once_and_a_closed_case_has_none_running(history: list[Phase]) -> None:
    desk = Desk(WITH_CLOCKS)
    for phase in history:
        desk.hear(*phase.events)
        desk.wait(phase.events[-1].recorded_at + phase.pause)
    told = [
        (change.clock_id, change.at)
        for fact in desk.facts
        for moves in [getattr(fact, "moves", None) or getattr(fact, "clocks", None)]
        for change in (moves.changes if moves else ())
        if change.verb == "breached"
    ]
    assert len(told) == len(set(told))
    if desk.state.status == "closed":
        assert not any(clock.standing().status == "running" for clock in desk.state.clocks.items.values())
