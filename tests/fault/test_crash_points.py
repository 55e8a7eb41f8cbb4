"""A consumer that dies at any named point leaves, after its restart, the effects of an undisturbed run."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from shared.eventstore.store import Store
from shared.messaging import cursor
from shared.runtime.clock import new_id
from shared.runtime.consumer import Consumer
from shared.runtime.reactor import Reactor
from tests.support.backends import MakeServiceDatabase
from tests.support.consuming import Bench, expected
from tests.support.log import open_log
from tests.support.source import proposed

pytestmark = [pytest.mark.backends, pytest.mark.fault]


class Died(BaseException):
    """Ends a consumer as kill -9 would: nothing catches it, and its transaction is never committed."""


@pytest.fixture
async def bench(service_database: MakeServiceDatabase) -> AsyncIterator[Bench]:
    async with open_log(service_database) as (database, store):
        yield Bench(database, store)


def dying_before(original: Callable[..., Any]) -> Callable[..., Any]:
    async def die(*_args: Any, **_named: Any) -> Any:
        raise Died

    return die


def dying_after(original: Callable[..., Any]) -> Callable[..., Any]:
    async def work_then_die(*args: Any, **named: Any) -> Any:
        await original(*args, **named)
        raise Died

    return work_then_die


POINTS = {
    "before the append": (Store, "append", dying_before),
    "after the append, before the cursor moved": (Store, "append", dying_after),
    "after the effects, before the cursor moved": (Reactor, "handle", dying_after),
    "after the cursor moved, before the commit": (cursor, "move", dying_after),
    "after the commit, before the Kafka offset": (Consumer, "_apply", dying_after),
}


@pytest.mark.parametrize("point", POINTS)
async def test_a_death_at_a_named_point_changes_nothing_in_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    place, name, dying = POINTS[point]
    events = bench.record([proposed(new_id()) for _ in range(40)])
    await bench.consumer().handle(events[:10])
    with monkeypatch.context() as dead:
        dead.setattr(place, name, dying(getattr(place, name)))
        with pytest.raises(Died):
            await bench.consumer().handle(events[10:30])
    restarted = bench.consumer()
    await restarted.handle(events[10:30])
    await restarted.handle(events[30:])
    assert await bench.requested() == expected(events)
