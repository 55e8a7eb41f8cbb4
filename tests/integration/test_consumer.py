"""A consumer applies each event once and in order, whatever comes twice, too early, broken or to two instances."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.messaging import dead_letters
from shared.runtime.clock import new_id
from shared.runtime.consumer import Consumer
from tests.support.backends import MakeServiceDatabase
from tests.support.consuming import POISON, Bench, expected
from tests.support.log import open_log
from tests.support.source import PARTS, case_of, proposed

pytestmark = pytest.mark.backends


@pytest.fixture
async def bench(service_database: MakeServiceDatabase) -> AsyncIterator[Bench]:
    async with open_log(service_database) as (database, store):
        yield Bench(database, store)


async def test_every_event_has_its_effect_once_however_often_it_comes(bench: Bench) -> None:
    events = bench.record([proposed(new_id()) for _ in range(60)])
    consumer = bench.consumer()
    for batch in (events[:20], events[:40], events, events[30:], events):
        await consumer.handle(batch)
    assert await bench.requested() == expected(events)


async def test_a_gap_is_repaired_from_the_source_before_going_on(bench: Bench) -> None:
    cases = [case_of(part) for part in range(PARTS)]
    events = bench.record([proposed(case) for _ in range(4) for case in cases])
    await bench.consumer().handle([event for event in events if event.position != 2])
    assert await bench.requested() == expected(events)
    assert sorted(bench.log.asked) == [(part, 2, 2) for part in range(PARTS)]


async def test_a_lost_tail_is_repaired_when_the_next_event_comes(bench: Bench) -> None:
    case = case_of(3)
    events = bench.record([proposed(case) for _ in range(3)])
    consumer = bench.consumer()
    await consumer.handle(events[:1])
    await consumer.handle(events[2:])
    assert await bench.requested() == expected(events)
    assert bench.log.asked == [(3, 2, 2)]


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
    assert shown["error"].startswith("ValueError")
    assert "cannot make sense of this" not in shown["error"]  # it may quote what somebody wrote


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
