"""Lists of the past: the rows of an instant are those that a history which ended then comes to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.projections.bulk import WorkerDied
from services.casebook.projections.order import RebuildOrder
from services.casebook.projections.past import PREFIX, name_of
from services.casebook.queries.cases import CaseQuery, list_cases
from services.casebook.queries.counters import count_all
from services.casebook.queries.past_models import PastInPreparation, PastModels, PastNotPrepared
from services.casebook.tables import LIVE, MODELS
from shared.contracts.event import Recorded
from shared.kernel.errors import NotFound
from shared.messaging.broker import ensure_topics
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import Casebook, go_live, open_casebook, publish, rows_of
from tests.support.histories import in_logs, make_lanes, one_after_another
from tests.support.past import ToldPeers

pytestmark = pytest.mark.backends
PARTS = 8
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def events() -> list[Recorded]:
    """Every fact type; in each log partition `recorded_at` only grows."""
    return in_logs(one_after_another(make_lanes(21, cases=6, parts=PARTS)))


@pytest.fixture(scope="module")
def instants(events: list[Recorded]) -> list[datetime]:
    """A quarter, half and three quarters of the history."""
    told = sorted(event.recorded_at for event in events)
    return [told[len(told) * quarter // 4] for quarter in (1, 2, 3)]


@pytest.fixture(scope="module")
async def casebook(service_database: MakeServiceDatabase, events: list[Recorded]) -> AsyncIterator[Casebook]:
    async with open_casebook(service_database) as opened:
        await go_live(opened.database, [events])
        yield opened


@pytest.fixture(scope="module")
async def order(casebook: Casebook, kafka_bootstrap: str, events: list[Recorded]) -> RebuildOrder:
    """How to build, from topics in which some records came twice."""
    name = new_id().hex
    topics = {owner: f"{owner}-{name}.events" for owner in ("intake", "triage", "approvals", "followup")}
    await ensure_topics(kafka_bootstrap, topics.values(), PARTS)
    half = len(events) // 2
    await publish(kafka_bootstrap, topics, [*events[:half], *events[half - 20 :]])
    return casebook.order(kafka_bootstrap, topics)


@asynccontextmanager
async def opened(past: PastModels, at: datetime) -> AsyncIterator[AsyncConnection]:
    """Ask until it is prepared, as a client does."""
    while True:
        try:
            async with past.open(at) as conn:
                yield conn
                return
        except PastInPreparation:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def looking_back(
    casebook: Casebook, events: list[Recorded], order: RebuildOrder | None, *, kept: int = 3
) -> AsyncIterator[PastModels]:
    past = PastModels(casebook.database.engine, ToldPeers(events), order, kept=kept)
    async with past.while_running(None):
        yield past


def cut(events: list[Recorded], at: datetime) -> dict[tuple[str, int], int]:
    stood = {(owner, part): 0 for owner in ("intake", "triage", "approvals", "followup") for part in range(PARTS)}
    for event in events:
        if event.recorded_at <= at:
            place = (event.log, event.log_part)
            stood[place] = max(stood[place], event.position)
    return stood


async def test_the_rows_of_an_instant_are_those_of_the_history_until_then(
    service_database: MakeServiceDatabase,
    casebook: Casebook,
    order: RebuildOrder,
    events: list[Recorded],
    instants: list[datetime],
) -> None:
    async with looking_back(casebook, events, order) as past, open_casebook(service_database) as prefix:
        done: set[tuple[str, int, int]] = set()
        for at in instants:
            until = [e for e in events if e.recorded_at <= at and (e.log, e.log_part, e.position) not in done]
            await go_live(prefix.database, [until])
            done |= {(event.log, event.log_part, event.position) for event in until}
            async with opened(past, at) as conn, prefix.database.engine.connect() as expected:
                for asked in (CaseQuery(), CaseQuery(sort="priority"), CaseQuery(status="open", limit=2)):
                    assert await list_cases(conn, asked, None) == await list_cases(expected, asked, None)
                assert await count_all(conn, None, None) == await count_all(expected, None, None)
            async with prefix.database.connection() as there, casebook.database.connection() as here:
                assert await rows_of(here.raw, name_of(cut(events, at))) == await rows_of(there.raw, LIVE)


async def test_as_of_the_last_event_live_answers_without_building(casebook: Casebook, events: list[Recorded]) -> None:
    end = max(event.recorded_at for event in events)
    async with looking_back(casebook, events, None) as past:
        async with past.open(end) as conn, casebook.database.engine.connect() as live:
            assert await list_cases(conn, CaseQuery(), None) == await list_cases(live, CaseQuery(), None)
        with pytest.raises(PastNotPrepared, match="CASEBOOK_MIGRATION_DATABASE_URL"):
            async with past.open(end - MICROSECOND):
                pass


async def test_before_the_first_event_there_is_nothing(casebook: Casebook, events: list[Recorded]) -> None:
    first = min(event.recorded_at for event in events)
    async with looking_back(casebook, events, None) as past:
        with pytest.raises(NotFound, match="nothing had been recorded by"):
            async with past.open(first - MICROSECOND):
                pass


async def test_only_some_are_kept_and_none_that_is_read_is_dropped(
    casebook: Casebook, order: RebuildOrder, events: list[Recorded], instants: list[datetime]
) -> None:
    async def there() -> set[str]:
        async with casebook.database.connection() as tx:
            found = await tx.raw.fetch("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)", PREFIX)
        return {row["nspname"] for row in found}

    first, second = (name_of(cut(events, at)) for at in instants[:2])
    async with looking_back(casebook, events, order, kept=1) as past:
        async with opened(past, instants[0]) as read:
            async with opened(past, instants[1]):
                assert {first, second} <= await there()
            async with opened(past, instants[2] - MICROSECOND):
                assert first in await there()
            assert (await read.execute(text("SELECT 1"))).scalar() == 1
        owner = await asyncpg.connect(casebook.made.migration_database_url.replace("+asyncpg", ""))
        await owner.execute(f'CREATE SCHEMA "{PREFIX}0ldc0de0_0"')
        await owner.close()
        told = sorted(event.recorded_at for event in events)
        async with opened(past, told[len(told) * 5 // 8]):  # of an instant that no other test prepared
            pass
        while len(await there()) > 1:
            await asyncio.sleep(0.02)


async def test_the_service_may_read_a_schema_of_the_past_and_not_write_it(
    casebook: Casebook, order: RebuildOrder, events: list[Recorded], instants: list[datetime]
) -> None:
    async with (
        looking_back(casebook, events, order) as past,
        opened(past, instants[0]),
        casebook.database.connection() as tx,
    ):
        for model in MODELS:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.raw.execute(f'DELETE FROM "{name_of(cut(events, instants[0]))}"."{model.name}"')


async def test_what_the_building_met_is_told_once_then_it_is_tried_again(
    casebook: Casebook, order: RebuildOrder, events: list[Recorded], instants: list[datetime]
) -> None:
    at = instants[1] + timedelta(hours=1)
    async with looking_back(casebook, events, replace(order, kafka_bootstrap="127.0.0.1:1")) as past:
        for _ in range(2):
            with pytest.raises(WorkerDied):
                async with opened(past, at):
                    pass


def test_a_cut_names_its_schema(events: list[Recorded]) -> None:
    newest = max(events, key=attrgetter("recorded_at")).recorded_at
    names = {name_of(cut(events, at)) for at in (newest, newest - MICROSECOND, newest + MICROSECOND)}
    assert len(names) == 2
    assert all(len(name) < 64 for name in names)
