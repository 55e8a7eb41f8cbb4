"""Events that a restored store lacks come back from its topic, byte by byte, with what follows from them."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

import services.approvals as approvals
from deploy.local.databases import ServiceDatabase
from services.approvals import CHARTER
from services.approvals.domain.timers import timers
from shared.contracts.event import Recorded
from shared.eventstore.database import Database
from shared.eventstore.draft import CommandId
from shared.eventstore.migrate import migrate
from shared.eventstore.store import Store
from shared.kernel.errors import ReusedCommandId
from shared.messaging.broker import ensure_topics
from shared.messaging.topics import TOPICS
from shared.runtime.clock import new_id
from shared.runtime.guard import StoreGuard
from shared.runtime.reconcile import Follow, Forked, bring_back, standing
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import publish
from tests.support.log import LOG, PARTS, drafts
from tests.support.source import Source, proposed

pytestmark = pytest.mark.backends
FOLLOW = Follow(LOG, CHARTER.listens, timers, ())


class Log:
    """A store with the addresses of both roles."""

    def __init__(self, made: ServiceDatabase) -> None:
        migrate(made.migration_database_url, approvals)
        self.owner_url = made.migration_database_url
        self.database = Database(made.database_url)
        self.store = Store(LOG, PARTS)

    async def events(self) -> list[Recorded]:
        async with self.database.connection() as tx:
            return [e for part in range(PARTS) for e in await self.store.read(tx.raw, part, 0, 10_000)]

    async def restore(self, rows: list[Recorded]) -> None:
        """Fill an empty log as a backup does: the rows as they were."""
        names = [name for name in Recorded._fields if name != "log"]
        owner = await asyncpg.connect(self.owner_url.replace("+asyncpg", ""))
        records = [tuple(getattr(event, name) for name in names) for event in rows]
        await owner.copy_records_to_table("event", columns=names, records=records)
        await owner.close()


@pytest.fixture
async def topics(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for owner in TOPICS:
        monkeypatch.setitem(TOPICS, owner, f"{owner}-{new_id().hex}.events")
    await ensure_topics(kafka_bootstrap, TOPICS.values(), PARTS)
    return dict(TOPICS)


@pytest.fixture
async def logs(service_database: MakeServiceDatabase) -> AsyncIterator[tuple[Log, Log]]:
    """A log as it was, and an empty one to restore."""
    whole, restored = Log(service_database(LOG)), Log(service_database(LOG))
    yield whole, restored
    await whole.database.close()
    await restored.database.close()


async def filled(log: Log, sources: list[Recorded]) -> list[Recorded]:
    """Fill a log with two events for each of the sources, caused by it, in its log partition."""
    async with log.database.connection() as tx:
        for source in sources:
            pair = drafts(source.stream_id, 0, ["one", "two"])
            caused = [d._replace(by=d.by._replace(causation_id=source.event_id)) for d in pair]
            await log.store.append(tx.raw, caused)
    return await log.events()


async def test_the_missing_tail_comes_back_byte_by_byte(
    logs: tuple[Log, Log], kafka_bootstrap: str, topics: dict[str, str]
) -> None:
    whole, restored = logs
    source = Source("triage")
    causes = source.record([proposed(new_id()) for _ in range(40)])
    events = await filled(whole, causes)
    await publish(kafka_bootstrap, topics, [*causes, *events])
    backup = [event for event in events if event.position <= 4]
    await restored.restore(backup)

    guard = StoreGuard(restored.store, kafka_bootstrap, topics[LOG])
    async with restored.database.connection() as tx:
        found = await standing(tx.raw, restored.store, kafka_bootstrap, None)
    assert sum(part.lacking for part in found.parts) == len(events) - len(backup)

    assert await bring_back(restored.owner_url, restored.store, kafka_bootstrap, FOLLOW) == len(events) - len(backup)
    assert await restored.events() == events
    async with restored.database.connection() as tx:
        await guard.compare(tx.raw)
        await guard.admit(tx.raw)
        rows = await tx.raw.fetch("SELECT log_part, position FROM log_cursor WHERE source = 'triage' AND position > 0")
    handled = {part: max(c.position for c in causes if c.log_part == part) for part in {e.log_part for e in events}}
    lacked = {event.log_part for event in events if event.position > 4}
    assert dict(rows) == {part: handled[part] for part in lacked}
    assert await bring_back(restored.owner_url, restored.store, kafka_bootstrap, FOLLOW) == 0


async def test_a_command_whose_events_came_back_is_not_carried_out_twice(
    logs: tuple[Log, Log], kafka_bootstrap: str, topics: dict[str, str]
) -> None:
    whole, restored = logs
    case, command = new_id(), CommandId(new_id(), b"what was asked")
    asked = [d._replace(by=d.by._replace(command_id=command.command_id)) for d in drafts(case, 0, ["asked"])]
    async with whole.database.connection() as tx:
        events = await whole.store.append(tx.raw, asked, command=command)
    await publish(kafka_bootstrap, topics, events)
    await bring_back(restored.owner_url, restored.store, kafka_bootstrap, FOLLOW)
    async with restored.database.connection() as tx:
        with pytest.raises(ReusedCommandId):
            await restored.store.append(tx.raw, drafts(case, 1, ["again"]), command=command)
    assert await restored.events() == events


async def test_two_histories_are_not_joined(
    logs: tuple[Log, Log], kafka_bootstrap: str, topics: dict[str, str]
) -> None:
    whole, other = logs
    causes = Source("triage").record([proposed(new_id()) for _ in range(40)])
    events = await filled(whole, causes)
    await publish(kafka_bootstrap, topics, events)
    part = events[-1].log_part
    async with other.database.connection() as tx:
        await other.store.append(tx.raw, drafts(events[-1].stream_id, 0, ["another history"]))
        found = await standing(tx.raw, other.store, kafka_bootstrap, None)
    assert found.parts[part].lacking > 0
    with pytest.raises(Forked, match=f"event {part}/2 in the topic does not continue"):
        await bring_back(other.owner_url, other.store, kafka_bootstrap, FOLLOW)
    assert [event for event in await other.events() if event.log_part == part][1:] == []
