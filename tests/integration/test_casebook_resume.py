"""A rebuild that broke off is gone on with; one model is enough; and from every switch there is a way back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from services.casebook.projections.order import RebuildOrder
from services.casebook.projections.rebuild import rebuild
from services.casebook.projections.way_back import NoWayBack, drop_previous, go_back
from shared.kernel.errors import MalformedInput
from shared.messaging.broker import ensure_topics
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import Casebook, go_live, open_casebook, publish
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


async def test_a_killed_rebuild_is_gone_on_with(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(10, cases=30)
    await publish(order.kafka_bootstrap, order.topics, events)
    await go_live(casebook.database, batches(events))
    killed = await break_off_between_partitions(order)
    assert killed, "the kill came before the first log partition or after the last"

    done = await run(order)
    assert done.resumed == killed
    assert done.events == len(events)
    assert done.comparison is not None
    assert done.comparison.differences == []
    assert (await run(order)).resumed == 0, "a rebuild that came to its end is not gone on with"


async def test_a_rebuild_that_broke_off_goes_on_after_the_topics_were_made_again(
    casebook: Casebook, order: RebuildOrder, kafka_bootstrap: str
) -> None:
    events = history(11, cases=30)
    twice = [event for event in events for _ in range(2)]
    await publish(order.kafka_bootstrap, order.topics, twice)
    await go_live(casebook.database, batches(events))
    killed = await break_off_between_partitions(order)

    name = new_id().hex
    again = {owner: f"{owner}-{name}.events" for owner in order.topics}
    await ensure_topics(kafka_bootstrap, again.values(), PARTS)
    await publish(kafka_bootstrap, again, events)
    done = await run(replace(order, topics=again))
    assert done.resumed == killed > 0
    assert done.comparison is not None
    assert done.comparison.differences == []


async def break_off_between_partitions(order: RebuildOrder) -> int:
    """Break a rebuild off once a log partition is committed; give how many events are."""
    conn = await asyncpg.connect(order.database_url.replace("+asyncpg", ""))
    task = asyncio.create_task(rebuild(replace(order, processes=1), lambda _now: None))
    there = "SELECT to_regclass('shadow.building_mark') IS NOT NULL"
    while not (await conn.fetchval(there) and await conn.fetchval("SELECT count(*) FROM shadow.building_mark")):
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    committed = await conn.fetchval("SELECT coalesce(sum(position), 0)::bigint FROM shadow.building_mark")
    await conn.close()
    return int(committed)


async def test_one_model_is_rebuilt_and_switched_beside_the_others(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(12)
    await publish(order.kafka_bootstrap, order.topics, events)
    await go_live(casebook.database, batches(events))
    async with casebook.database.connection() as tx:
        await tx.raw.execute("UPDATE live.promise_board SET reason = 'somebody meddled'")
        await tx.raw.execute("UPDATE live.case_list SET subject = 'meddled as well'")
    chosen = replace(order, models=("promise_board",))
    found = (await run(chosen)).comparison
    assert found is not None
    assert {difference.table for difference in found.differences} == {"promise_board"}
    assert (await run(replace(chosen, switch="always"))).switched
    mended = (await run(order)).comparison
    assert mended is not None
    assert {difference.table for difference in mended.differences} == {"case_list"}
    with pytest.raises(MalformedInput, match="there is no read model 'nonsense'"):
        await run(replace(order, models=("nonsense",)))


async def test_the_way_back_brings_the_previous_models_up_to_date(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(13)
    first, rest = events[: len(events) // 2], events[len(events) // 2 :]
    await publish(order.kafka_bootstrap, order.topics, first)
    await go_live(casebook.database, batches(first))
    async with casebook.database.connection() as tx:
        await tx.raw.execute("UPDATE live.case_timeline SET line = 'as it was'")
    assert (await run(replace(order, switch="always"))).switched
    await publish(order.kafka_bootstrap, order.topics, rest)
    await go_live(casebook.database, batches(rest))

    back = await go_back(order, lambda _now: None)
    assert (back.switched, back.events) == (True, len(rest))
    count = "SELECT count(*) FILTER (WHERE line = 'as it was'), count(*) FROM live.case_timeline"
    async with casebook.database.connection() as tx:
        assert tuple(await tx.raw.fetchrow(count)) == (len(first), len(events))
    await go_back(order, lambda _now: None)  # and forth again
    async with casebook.database.connection() as tx:
        assert tuple(await tx.raw.fetchrow(count)) == (0, len(events))
    found = (await run(order)).comparison
    assert found is not None
    assert found.differences == []


async def test_the_previous_models_are_kept_until_told(casebook: Casebook, order: RebuildOrder) -> None:
    with pytest.raises(NoWayBack, match="no previous read models are kept"):
        await go_back(order, lambda _now: None)
    events = history(14)
    await publish(order.kafka_bootstrap, order.topics, events)
    await go_live(casebook.database, batches(events))
    await run(replace(order, switch="if_equal"))
    assert await drop_previous(order)
    assert not await drop_previous(order)
    with pytest.raises(NoWayBack):
        await go_back(order, lambda _now: None)


async def test_previous_models_of_another_form_are_not_gone_back_to(casebook: Casebook, order: RebuildOrder) -> None:
    events = history(15)
    await publish(order.kafka_bootstrap, order.topics, events)
    await go_live(casebook.database, batches(events))
    await run(replace(order, switch="if_equal"))
    owner = await asyncpg.connect(casebook.made.migration_database_url.replace("+asyncpg", ""))
    await owner.execute("ALTER TABLE previous.promise_board DROP COLUMN late")
    await owner.close()
    with pytest.raises(NoWayBack, match="previous promise_board has other columns"):
        await go_back(order, lambda _now: None)
