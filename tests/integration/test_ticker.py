"""Deadlines fire once, from the ticker alone; one that fails is kept with its error and holds up no other."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

import services.approvals as approvals
from services.approvals import CHARTER
from services.approvals.adapters.policy_files import load_authority
from services.approvals.api import router
from services.approvals.domain.commands import DeadlinePassed, ValidityEnded
from services.approvals.domain.decider import make_decider
from services.approvals.domain.reactions import react
from services.approvals.domain.timers import due, timers
from shared.contracts.approvals import ExceptionEscalated
from shared.kernel.timers import CancelTimer, SetTimer, Timer
from shared.runtime import ticker
from shared.runtime import timers as timer_table
from shared.runtime.clock import new_id, now
from shared.runtime.rules import Rules
from shared.runtime.ticker import ATTEMPTS, Ticker
from tests.support.backends import MakeServiceDatabase
from tests.support.office import Office, open_office
from tests.support.source import Source, proposed

pytestmark = pytest.mark.backends
POLICIES = Path(__file__).parents[2] / "policies"
SICK = new_id()


def due_unless_sick(timer: Timer, instant: object) -> DeadlinePassed | ValidityEnded:
    if timer.stream_id == SICK:
        raise ValueError("this one cannot be read")
    return due(timer, instant)  # type: ignore[arg-type] # the ticker gives an instant


@pytest.fixture
async def office(service_database: MakeServiceDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    decider = make_decider(load_authority(POLICIES))
    rules = Rules(charter=CHARTER, decider=decider, react=react, timers=timers, due=due_unless_sick)
    async with open_office(service_database, tmp_path, approvals, rules, router) as opened:
        yield opened


async def wait_for_decisions(office: Office, cases: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each case have an exception that waits, and let its deadline have passed for the ticker."""
    await office.hear(*Source("triage").record([proposed(case) for case in cases]))
    monkeypatch.setattr(ticker, "now", lambda: now() + timedelta(days=30))


async def escalated(office: Office) -> list[UUID]:
    return [fact.case_id for fact in await office.facts() if isinstance(fact, ExceptionEscalated)]


async def test_each_deadline_fires_once_however_many_tickers_there_are(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [new_id() for _ in range(30)]
    await wait_for_decisions(office, cases, monkeypatch)
    await asyncio.gather(*(Ticker(office.shell).fire_due() for _ in range(4)))
    await office.tick()
    assert sorted(await escalated(office)) == sorted(cases)


async def test_nothing_fires_before_it_is_due(office: Office) -> None:
    await office.hear(*Source("triage").record([proposed(new_id())]))
    assert await office.tick() == 0
    assert await escalated(office) == []


async def test_a_failing_timer_is_kept_with_its_error_and_the_others_fire(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = [new_id() for _ in range(3)]
    await wait_for_decisions(office, [SICK, *well], monkeypatch)
    for _ in range(ATTEMPTS + 1):
        await office.tick()
    assert sorted(await escalated(office)) == sorted(well)
    async with office.shell.database.connection() as tx:
        rows = await tx.raw.fetch("SELECT attempts, error FROM timer WHERE stream_id = $1", SICK)
    assert [(row["attempts"], row["error"]) for row in rows] == [(ATTEMPTS, rows[0]["error"])]
    assert rows[0]["error"].startswith("ValueError at ")
    assert "cannot be read" not in rows[0]["error"]


async def test_the_last_change_of_a_timer_counts(office: Office) -> None:
    moved, cancelled, stream = new_id(), new_id(), new_id()
    later = now() + timedelta(days=1)
    async with office.shell.database.connection() as tx:
        await timer_table.apply(tx.raw, [SetTimer(moved, stream, now(), "a"), SetTimer(cancelled, stream, now(), "b")])
        await timer_table.apply(tx.raw, [SetTimer(moved, stream, later, "a"), CancelTimer(cancelled)])
        rows = await tx.raw.fetch("SELECT timer_id, due FROM timer")
    assert [(row["timer_id"], row["due"]) for row in rows] == [(moved, later)]
