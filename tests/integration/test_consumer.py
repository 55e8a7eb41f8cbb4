"""A consumer applies each event once and in order, whatever comes twice, too early, broken or to two instances."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.approvals import CHARTER
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.decider import make_decider
from services.approvals.domain.reactions import react
from services.approvals.domain.timers import due, timers
from shared.contracts.approvals import ExceptionRequested
from shared.contracts.event import Fact, Recorded
from shared.contracts.triage import ExceptionProposed
from shared.eventstore.database import Database
from shared.eventstore.store import Store
from shared.messaging import dead_letters
from shared.runtime.clock import new_id
from shared.runtime.consumer import Consumer
from shared.runtime.reactor import Reactor
from shared.runtime.rules import Rules
from shared.runtime.shell import Shell
from tests.support.backends import MakeServiceDatabase
from tests.support.log import open_log
from tests.support.source import PARTS, Source, proposed

pytestmark = pytest.mark.backends
POLICIES = Path(__file__).parents[2] / "policies"
POISON = "poison"


class SourceLog:
    """Stands where the source's HTTP log stands: gives the missing range out of what was recorded."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.asked: list[tuple[int, int, int]] = []

    async def missing(self, source: str, part: int, first: int, last: int) -> list[Recorded]:
        self.asked.append((part, first, last))
        return [e for e in self.events if e.log == source and e.log_part == part and first <= e.position <= last]


class Bench:
    """A consumer of approvals on a fresh database, with a source to feed it from."""

    def __init__(self, database: Database, store: Store) -> None:
        self.database = database
        self.store = store
        self.source = Source("triage")
        self.log = SourceLog()
        self.broken = True

    def _react(self, event: Recorded, fact: Fact, now: datetime) -> Sequence[object]:
        if self.broken and isinstance(fact, ExceptionProposed) and fact.reason == POISON:
            raise ValueError("cannot make sense of this")
        return react(event, fact, now)

    def consumer(self) -> Consumer:
        decider = make_decider(load_authority(POLICIES))
        rules = Rules(charter=CHARTER, decider=decider, react=self._react, timers=timers, due=due)  # type: ignore[arg-type] # wraps react
        shell = Shell(self.database, self.store, rules)
        return Consumer(
            "approvals",
            self.database,
            Reactor(shell),
            self.log,  # type: ignore[arg-type] # has the one method that is used
            sources=("triage",),
            parts=PARTS,
            poison_attempts=2,
        )

    def record(self, facts: Sequence[Fact]) -> list[Recorded]:
        recorded = self.source.record(facts)
        self.log.events += recorded
        return recorded

    async def requested(self) -> list[UUID]:
        """The exceptions that approvals has on record, in the order of its log."""
        found = []
        async with self.database.connection() as tx:
            for part in range(PARTS):
                for event in await self.store.read(tx.raw, part, 0, 10_000):
                    fact = event.fact
                    assert isinstance(fact, ExceptionRequested)
                    found.append(fact.exception_id)
        return found


@pytest.fixture
async def bench(service_database: MakeServiceDatabase) -> AsyncIterator[Bench]:
    async with open_log(service_database) as (database, store):
        yield Bench(database, store)


def expected(events: Sequence[Recorded]) -> list[UUID]:
    ordered = sorted(events, key=lambda event: (event.log_part, event.position))
    return [fact.exception_id for event in ordered if isinstance(fact := event.fact, ExceptionProposed)]


async def test_every_event_has_its_effect_once_however_often_it_comes(bench: Bench) -> None:
    events = bench.record([proposed(new_id()) for _ in range(60)])
    consumer = bench.consumer()
    for batch in (events[:20], events[:40], events, events[30:], events):
        await consumer.handle(batch)
    assert await bench.requested() == expected(events)


async def test_a_gap_is_repaired_from_the_source_before_going_on(bench: Bench) -> None:
    events = bench.record([proposed(new_id()) for _ in range(60)])
    lost = [event for event in events if event.position == 2]
    await bench.consumer().handle([event for event in events if event not in lost])
    assert await bench.requested() == expected(events)
    assert sorted(bench.log.asked) == [(part, 2, 2) for part in sorted({event.log_part for event in lost})]


async def test_a_new_instance_goes_on_where_the_old_one_stopped(bench: Bench) -> None:
    events = bench.record([proposed(new_id()) for _ in range(40)])
    await bench.consumer().handle(events[:25])
    await bench.consumer().handle(events)
    assert await bench.requested() == expected(events)


async def test_two_instances_that_both_think_they_own_the_partitions_do_nothing_twice(bench: Bench) -> None:
    events = bench.record([proposed(new_id()) for _ in range(80)])
    one, other = bench.consumer(), bench.consumer()
    batches = [events[start : start + 10] for start in range(0, 80, 10)]

    async def take(consumer: Consumer) -> None:
        for batch in batches:
            await consumer.handle(batch)

    await asyncio.gather(take(one), take(other))
    assert await bench.requested() == expected(events)


async def test_a_poison_event_parks_its_case_and_no_other(bench: Bench) -> None:
    sick, well = new_id(), new_id()
    facts = [proposed(well), proposed(sick), proposed(sick, POISON), proposed(sick), proposed(well)]
    events = bench.record(facts)
    await bench.consumer().handle(events[:4])
    await bench.consumer().handle(events[4:])
    parked = [events[2], events[3]]
    assert await bench.requested() == expected([event for event in events if event not in parked])
    async with bench.database.connection() as tx:
        letters = await dead_letters.parked_of(tx.raw, "approvals", sick)
        shown = await dead_letters.show(tx.raw, letters[0].dead_letter_id)
    assert [letter.event for letter in letters] == parked
    assert shown is not None
    assert "cannot make sense of this" in shown["error"]


async def test_a_retry_handles_the_parked_events_in_order_and_is_on_record(bench: Bench) -> None:
    sick = new_id()
    events = bench.record([proposed(sick, POISON), proposed(sick), proposed(sick)])
    consumer = bench.consumer()
    await consumer.handle(events)
    assert await consumer.retry(sick, "oli", "try again") == 0
    bench.broken = False
    assert await consumer.retry(sick, "oli", "the rule was mended") == 3
    assert await bench.requested() == expected(events)
    async with bench.database.connection() as tx:
        first = (await dead_letters.look(tx.raw, "retried", 10))[0]
        shown = await dead_letters.show(tx.raw, first["dead_letter_id"])
    assert shown is not None
    assert [(act["act"], act["actor"], act["reason"]) for act in shown["acts"]] == [
        ("retry_failed", "oli", "try again"),
        ("retried", "oli", "the rule was mended"),
    ]


async def test_after_a_retry_the_case_flows_again(bench: Bench) -> None:
    sick = new_id()
    consumer = bench.consumer()
    await consumer.handle(bench.record([proposed(sick, POISON)]))
    bench.broken = False
    await consumer.retry(sick, "oli", "mended")
    await consumer.handle(bench.record([proposed(sick)]))
    assert len(await bench.requested()) == 2
