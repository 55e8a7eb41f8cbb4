"""A rebuild from the topics equals the live read models, beside live traffic, and takes their place in one moment."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from services.casebook.projections import schemas
from services.casebook.projections.catching_up import LiveBehind
from services.casebook.projections.order import RebuildOrder, RebuildRunning, Rebuilt
from services.casebook.projections.reading import TopicGap
from services.casebook.tables import LIVE, PREVIOUS
from shared.messaging import dead_letters
from shared.messaging.broker import ensure_topics
from shared.runtime.clock import new_id, now
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import Casebook, go_live, open_casebook, publish, rows_of
from tests.support.rebuilding import PARTS, Topics, batches, history, run

pytestmark = pytest.mark.backends


@pytest.fixture
async def casebook(service_database: MakeServiceDatabase) -> AsyncIterator[Casebook]:
    async with open_casebook(service_database) as opened:
        yield opened


@pytest.fixture
async def topics(kafka_bootstrap: str) -> Topics:
    """Topics of this test's own."""
    name = new_id().hex
    own = {owner: f"{owner}-{name}.events" for owner in ("intake", "triage", "approvals", "followup")}
    await ensure_topics(kafka_bootstrap, own.values(), PARTS)
    return own


@pytest.fixture
def order(casebook: Casebook, kafka_bootstrap: str, topics: Topics) -> RebuildOrder:
    return casebook.order(kafka_bootstrap, topics)


async def test_a_rebuild_equals_live_and_is_switched_in_while_live_goes_on(
    casebook: Casebook, order: RebuildOrder
) -> None:
    events = history(1)
    first, rest = events[: len(events) // 2], events[len(events) // 2 :]
    again = random.Random(5).sample(first, 20)
    await publish(order.kafka_bootstrap, order.topics, [*first, *sorted(again, key=first.index)])
    await go_live(casebook.database, batches(first))

    done = await run(replace(order, switch="if_equal"))
    assert done.comparison is not None
    assert done.comparison.differences == []
    assert done.comparison.rows["case_timeline"] == done.events == len(first)
    assert done.passed_over == len(again)
    assert done.switched
    async with casebook.database.connection() as tx:
        assert await rows_of(tx.raw, LIVE) == await rows_of(tx.raw, PREVIOUS)

    # The same pool, with statements that it prepared before the switch, now writes to what was the shadow.
    await go_live(casebook.database, batches(rest))
    await publish(order.kafka_bootstrap, order.topics, rest)
    after = await run(order)
    assert after.comparison is not None
    assert after.comparison.equal
    assert after.events == len(events)
    assert not after.switched


async def test_live_traffic_goes_on_during_a_rebuild(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(2, cases=30)
    half = len(events) // 2
    await publish(order.kafka_bootstrap, order.topics, events[:half])
    await go_live(casebook.database, batches(events[:half]))

    async def traffic() -> None:
        for batch in batches(events[half:]):
            await publish(order.kafka_bootstrap, order.topics, batch)
            await go_live(casebook.database, [batch])

    going = asyncio.create_task(traffic())
    done = await run(replace(order, switch="if_equal"))
    await going
    assert done.comparison is not None
    assert done.comparison.differences == []
    assert done.switched
    after = await run(order)
    assert after.comparison is not None
    assert after.comparison.equal
    assert after.comparison.rows["case_timeline"] == len(events)


async def test_a_difference_is_reported_and_only_switched_over_when_told(
    casebook: Casebook, order: RebuildOrder
) -> None:
    events = history(3)
    await publish(order.kafka_bootstrap, order.topics, events)
    await go_live(casebook.database, batches(events))
    async with casebook.database.connection() as tx:
        await tx.raw.execute("UPDATE live.promise_board SET late = true, reason = 'somebody meddled'")
    done = await run(replace(order, switch="if_equal"))
    assert done.comparison is not None
    assert not done.switched
    found = done.comparison.differences
    assert {(d.table, d.live) for d in found if d.column == "reason"} == {("promise_board", "somebody meddled")}
    assert {d.column for d in found} == {"reason", "late"}
    assert done.comparison.differing_rows == len({*(d.key["promise_id"] for d in found)})

    assert (await run(replace(order, switch="always"))).switched
    mended = (await run(order)).comparison
    assert mended is not None
    assert mended.equal


async def test_a_gap_in_a_topic_is_an_error_that_names_it(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(4)
    lost = next(event for event in events if event.position == 2)
    await publish(order.kafka_bootstrap, order.topics, [event for event in events if event != lost])
    with pytest.raises(TopicGap, match=f"^{lost.log} partition {lost.log_part}: after position 1 comes .*/3"):
        await run(order)
    async with casebook.database.connection() as tx:
        assert await schemas.exists(tx.raw, LIVE)


async def test_live_that_is_behind_is_waited_for_then_named(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(5)
    await publish(order.kafka_bootstrap, order.topics, events)
    with pytest.raises(LiveBehind, match=f"live lacks {len(events)} events"):
        await run(replace(order, patience_seconds=0.2))


async def test_without_comparison_live_goes_on_from_where_the_rebuild_stands(
    casebook: Casebook, order: RebuildOrder
) -> None:
    events = history(6)
    await publish(order.kafka_bootstrap, order.topics, events)
    done = await run(replace(order, compare=False, switch="always"))
    assert done.switched
    async with casebook.database.connection() as tx:
        rebuilt = await rows_of(tx.raw)
    await go_live(casebook.database, batches(events))  # all of them duplicates now
    async with casebook.database.connection() as tx:
        assert await rows_of(tx.raw) == rebuilt


async def test_what_live_has_parked_is_left_out_as_well(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(7)
    await publish(order.kafka_bootstrap, order.topics, events)
    parked = {events[5].stream_id}
    for event in events:
        if event.stream_id in parked:
            async with casebook.database.transaction() as tx:
                await dead_letters.park(tx.raw, new_id(), "casebook", event, "no reason", 3, now())
                await tx.raw.execute(
                    "INSERT INTO log_cursor VALUES ('casebook', $1, $2, $3) ON CONFLICT (consumer, source, log_part)"
                    " DO UPDATE SET position = EXCLUDED.position",
                    event.log,
                    event.log_part,
                    event.position,
                )
        else:
            await go_live(casebook.database, [[event]])
    done = await run(order)
    assert done.comparison is not None
    assert done.comparison.differences == []
    assert done.comparison.rows["case_timeline"] < len(events)


async def test_one_rebuild_at_a_time(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(8)
    await publish(order.kafka_bootstrap, order.topics, events)
    await go_live(casebook.database, batches(events))
    both = await asyncio.gather(run(order), run(order), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in both) == [RebuildRunning.__name__, Rebuilt.__name__]


async def test_a_switch_waits_for_what_live_has_begun_and_live_for_the_switch(casebook: Casebook) -> None:
    owner = await asyncpg.connect(casebook.made.migration_database_url.replace("+asyncpg", ""))
    events = history(9)
    try:
        async with owner.transaction():
            await schemas.pause(owner)
            waiting = asyncio.create_task(go_live(casebook.database, [[events[0]]]))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(waiting), 0.3)
        await waiting
    finally:
        await owner.close()
