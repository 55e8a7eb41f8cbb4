"""Clocks and found promises over a real database: pinned calendars, people's commands, alarms from the ticker."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import services.followup as package
from services.followup import CHARTER, api
from services.followup.adapters.pinning import pin_calendars
from services.followup.adapters.policy_files import load_cadence
from services.followup.domain.decider import make_decider
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.policies.clock_rules import ClockRules
from services.followup.domain.reactions import react
from services.followup.domain.timers import due, timers
from services.followup.tables import index
from shared.contracts.event import Fact
from shared.contracts.followup import PromiseMade
from shared.contracts.followup_clocks import CalendarPublished, ClocksMoved
from shared.contracts.followup_found import PromiseFound
from shared.runtime.rules import Rules
from tests.support.backends import MakeServiceDatabase
from tests.support.followups import boundary, opened, sent
from tests.support.office import Office, open_office
from tests.support.recorded import recorded

pytestmark = pytest.mark.backends
POLICIES = Path(__file__).parents[2] / "policies"
FOLLOWUP = load_cadence(POLICIES)


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    rules = Rules(charter=CHARTER, decider=make_decider(FOLLOWUP), react=react, timers=timers, due=due, index=index)
    home = tmp_path_factory.mktemp("identity")
    async with open_office(service_database, home, package, rules, api.router, clocks=FOLLOWUP.clocks) as made:
        await pin_calendars(made.shell, FOLLOWUP)
        yield made


async def heard(office: Office, *facts: Fact, at: datetime, case_id: UUID | None = None) -> UUID:
    """Let followup hear facts of a case, recorded one after another from `at` on; give the case."""
    case_id = case_id or uuid4()
    for number, fact in enumerate(facts):
        of_case = fact.model_copy(update={"case_id": case_id})
        await office.hear(recorded(of_case, at + timedelta(milliseconds=number), number))
    return case_id


async def facts_of(office: Office, case_id: UUID, kind: type[Fact]) -> list[Fact]:
    return [fact for fact in await office.facts() if fact.stream_id == case_id and isinstance(fact, kind)]


async def test_a_calendar_is_published_once_and_recalled_when_the_service_starts_anew(office: Office) -> None:
    before = [fact for fact in await office.facts() if isinstance(fact, CalendarPublished)]
    assert [fact.calendar for fact in before] == ["default"]
    again = ClockRules(FOLLOWUP.clocks.regimes, calendars=FOLLOWUP.clocks.calendars)
    await pin_calendars(office.shell, FollowupRules(FOLLOWUP.cadence, FOLLOWUP.calendar, again))
    assert [fact for fact in await office.facts() if isinstance(fact, CalendarPublished)] == before
    assert again.calendar(before[0].version) == FOLLOWUP.calendar


async def test_people_pause_and_resume_and_only_a_supervisor_sets_another_target(office: Office) -> None:
    now = datetime.now(UTC)
    case_id = await heard(office, opened().model_copy(update={"received_at": now}), at=now)
    path = f"/cases/{case_id}/clocks/resolution"
    assert (await office.post("ana", f"{path}/pause", reason="carrier looks", held_by="carrier")).status_code == 200
    assert (await office.post("ana", f"{path}/pause", reason="again", held_by="carrier")).status_code == 409
    [paused] = (await office.get("audra", f"/cases/{case_id}/clocks", clock="resolution")).json()["clocks"]
    assert (paused["status"], paused["due"], paused["held_by"]) == ("paused", None, "carrier")
    assert (await office.post("ana", f"{path}/resume", reason="found")).status_code == 200
    target = {"amount": 400, "unit": "working_hours"}
    refused = await office.post("ana", f"{path}/retarget", target=target, reason="hard")
    assert refused.status_code == 409
    assert "not_allowed" in refused.json()["fix"]
    assert (await office.post("sue", f"{path}/retarget", target=target, reason="hard")).status_code == 200
    [clock] = (await office.get("audra", f"/cases/{case_id}/clocks", clock="resolution")).json()["clocks"]
    assert clock["original_due"] < clock["due"]
    whole = datetime.fromisoformat(clock["spans"][-1]["end"]) - datetime.fromisoformat(clock["started"])
    assert sum(clock["seconds"].values()) == pytest.approx(whole.total_seconds(), abs=1e-6)


async def test_an_unknown_clock_or_target_is_told(office: Office) -> None:
    now = datetime.now(UTC)
    case_id = await heard(office, opened().model_copy(update={"received_at": now}), at=now)
    path = f"/cases/{case_id}/clocks"
    assert (await office.post("ana", f"{path}/tea/pause", reason="x", held_by="y")).status_code == 404
    body = {"target": {"amount": 1, "unit": "fortnights"}, "reason": "x"}
    assert (await office.post("sue", f"{path}/resolution/retarget", **body)).status_code == 422


async def test_the_ticker_warns_escalates_and_breaches_in_one_fact_a_time(office: Office) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=60)
    case_id = await heard(office, opened().model_copy(update={"received_at": long_ago}), at=long_ago)
    while await office.tick():
        pass
    moved = await facts_of(office, case_id, ClocksMoved)
    assert len(moved) == 1
    assert isinstance(moved[0], ClocksMoved)
    told = [(change.clock, change.verb, change.level) for change in moved[0].moves.changes]
    assert ("first_response", "breached", None) in told
    assert ("resolution", "escalated", "a day late") in told
    [clock] = (await office.get("audra", f"/cases/{case_id}/clocks", clock="first_response")).json()["clocks"]
    assert clock["breached_at"] == clock["original_due"]


async def test_a_changed_calendar_leaves_old_cases_as_they_were(office: Office) -> None:
    now = datetime.now(UTC)
    case_id = await heard(office, opened().model_copy(update={"received_at": now}), at=now)
    before = (await office.get("audra", f"/cases/{case_id}/clocks")).json()["clocks"]
    rules, pinned = FOLLOWUP.clocks, dict(FOLLOWUP.clocks.calendars)
    [(name, old)] = pinned.items()
    days = frozenset(now.date() + timedelta(days=n) for n in range(30))
    changed = old.calendar.__class__(old.calendar.zone, old.calendar.hours, days | {date(2027, 1, 1)})
    other = ClockRules(rules.regimes, rules.business, {name: old.__class__(old.name, "other", changed)}, rules.versions)
    rules.versions["other"] = changed
    decided = make_decider(FollowupRules(FOLLOWUP.cadence, FOLLOWUP.calendar, other))
    state = await office.shell.state(case_id)
    again = [clock.due(other.calendar(clock.calendar_version)) for clock in state.clocks.items.values()]
    assert sorted(each.isoformat() for each in again) == sorted(
        datetime.fromisoformat(clock["due"]).isoformat() for clock in before
    )
    fact = recorded(opened().model_copy(update={"received_at": now}), now)
    [taken_up] = decided.decide(react(fact, fact.fact or opened(), now)[0], decided.initial)
    assert all(change.due > max(again) for change in taken_up.clocks.changes)  # type: ignore[attr-defined]


async def test_what_an_agent_said_becomes_a_promise_only_with_backing(office: Office) -> None:
    now = datetime.now(UTC)
    words = "We will send the new card within three to five business days"
    case_id = await heard(office, opened(), sent("s1", words, now), at=now)
    [found] = await facts_of(office, case_id, PromiseFound)
    assert isinstance(found, PromiseFound)
    assert not found.backed
    path = f"/cases/{case_id}/promises/{found.promise_id}/confirmed"
    backing = {"kind": "clause", "reference": "shop/returns"}
    assert (await office.post("ana", path, backing=backing)).status_code == 409
    await heard(office, boundary("m1"), at=now, case_id=case_id)
    assert (await office.post("ana", path, backing=backing)).status_code == 200
    [made] = await facts_of(office, case_id, PromiseMade)
    assert isinstance(made, PromiseMade)
    assert (made.promise_id, made.due, made.found_in) == (found.promise_id, found.due, found.message_id)
    assert (await office.post("ana", path, backing=backing)).status_code == 404
    seen = (await office.get("ana", f"/cases/{case_id}/promises")).json()
    assert (seen["found"], len(seen["promises"])) == ([], 1)


async def test_what_is_no_promise_is_dismissed_with_a_reason(office: Office) -> None:
    now = datetime.now(UTC)
    case_id = await heard(office, opened(), sent("s1", "We will call you back tomorrow", now), at=now)
    [found] = (await office.get("ana", f"/cases/{case_id}/promises")).json()["found"]
    path = f"/cases/{case_id}/promises/{found['promise_id']}/dismissed"
    assert (await office.post("ana", path, reason="")).status_code == 422
    assert (await office.post("ana", path, reason="said of the parcel service")).status_code == 200
    assert (await office.get("ana", f"/cases/{case_id}/promises")).json()["found"] == []
