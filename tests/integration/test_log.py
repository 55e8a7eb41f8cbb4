"""The log keeps what it is given, in order, once, chained; and refuses everything else."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from shared.eventstore.chain import genesis, next_link
from shared.eventstore.database import Database
from shared.eventstore.draft import CommandId
from shared.eventstore.store import Store
from shared.kernel.errors import ReusedCommandId, StaleVersion
from shared.runtime.clock import new_id, now
from tests.support.backends import MakeServiceDatabase
from tests.support.log import drafts, open_log

pytestmark = pytest.mark.backends


@pytest.fixture(scope="module")
async def log(service_database: MakeServiceDatabase) -> AsyncIterator[tuple[Database, Store]]:
    async with open_log(service_database) as opened:
        yield opened


async def test_what_was_appended_is_read_back_byte_by_byte(log: tuple[Database, Store]) -> None:
    database, store = log
    case = new_id()
    async with database.connection() as tx:
        recorded = await store.append(tx.raw, drafts(case, 0, ["one", "zwei — дві", "三"]))
        loaded = (await store.load(tx.raw, {case: 0}))[case]
    assert loaded == recorded
    assert [event.version for event in loaded] == [1, 2, 3]
    assert all(event.fact is not None and event.fact.body() == event.body for event in loaded)


async def test_a_load_brings_only_what_came_after_the_known_version(log: tuple[Database, Store]) -> None:
    database, store = log
    case = new_id()
    async with database.connection() as tx:
        await store.append(tx.raw, drafts(case, 0, ["one", "two", "three"]))
        loaded = (await store.load(tx.raw, {case: 2}))[case]
    assert [event.version for event in loaded] == [3]


@pytest.mark.parametrize("after", [0, 2, 7])
async def test_a_stale_or_skipping_version_is_refused(log: tuple[Database, Store], after: int) -> None:
    database, store = log
    case = new_id()
    async with database.connection() as tx:
        await store.append(tx.raw, drafts(case, 0, ["one"]))
        for reasons in (["again"], ["again", "and again"]):
            with pytest.raises(StaleVersion):
                await store.append(tx.raw, drafts(case, after, reasons))


async def test_positions_have_no_gaps_and_the_chain_holds_from_the_first_event(log: tuple[Database, Store]) -> None:
    database, store = log
    async with database.connection() as tx:
        for _ in range(40):
            await store.append(tx.raw, drafts(new_id(), 0, ["one", "two"]))
        for part in range(store.parts):
            link, last = genesis(store.log, part), None
            for nth, event in enumerate(await store.read(tx.raw, part, 0, 1000), start=1):
                link = next_link(link, event)
                assert event.position == nth
                assert event.chain_hash == link
                assert last is None or event.recorded_at > last
                last = event.recorded_at


async def test_an_event_is_recorded_after_its_cause_even_when_the_clocks_differ(log: tuple[Database, Store]) -> None:
    database, store = log
    case = new_id()
    cause = now().replace(year=now().year + 1)
    draft = drafts(case, 0, ["caused"])[0]
    async with database.transaction() as tx:
        [event] = await store.append(tx.raw, [draft._replace(by=draft.by._replace(caused_at=cause))])
        assert event.recorded_at > cause
        raise_to_roll_back = asyncpg.PostgresError("keep next year out of the log")
        with pytest.raises(asyncpg.PostgresError, match="next year"):
            async with tx.raw.transaction():
                raise raise_to_roll_back


async def test_a_repeated_command_is_answered_from_the_log(log: tuple[Database, Store]) -> None:
    database, store = log
    case = new_id()
    command = CommandId(new_id(), b"the content")
    async with database.connection() as tx:
        first = await store.append(tx.raw, drafts(case, 0, ["one", "two"]), command=command)
        again = await store.append(tx.raw, drafts(case, 0, ["one", "two"]), command=command)
        assert again == first
        with pytest.raises(ReusedCommandId):
            await store.append(tx.raw, drafts(case, 2, ["three"]), command=command._replace(content_hash=b"other"))
        assert len((await store.load(tx.raw, {case: 0}))[case]) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'mallory'",
        "DELETE FROM event",
        "TRUNCATE event",
        "INSERT INTO event SELECT * FROM event",
        "UPDATE command SET events = 0",
        "DROP TABLE event",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
    ],
)
async def test_the_service_itself_cannot_change_the_log(log: tuple[Database, Store], statement: str) -> None:
    database, _ = log
    async with database.connection() as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.raw.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE event SET actor = 'mallory'", "DELETE FROM event", "TRUNCATE event"])
async def test_even_the_owner_cannot_change_the_log(service_database: MakeServiceDatabase, statement: str) -> None:
    async with open_log(service_database) as (database, store):
        async with database.connection() as tx:
            await store.append(tx.raw, drafts(new_id(), 0, ["one"]))
        owner = database.engine.url.set(username="approvals_owner")
        connection = await asyncpg.connect(
            user=owner.username,
            password=owner.password,
            database=owner.database,
            host=owner.query.get("host") or owner.host,
            port=owner.port,
        )
        try:
            with pytest.raises(asyncpg.PostgresError, match="append-only"):
                await connection.execute(statement)
        finally:
            await connection.close()


async def test_an_append_outside_read_committed_is_refused(log: tuple[Database, Store]) -> None:
    database, store = log
    async with database.connection() as tx, tx.raw.transaction(isolation="repeatable_read"):
        with pytest.raises(asyncpg.PostgresError, match="READ COMMITTED"):
            await store.append(tx.raw, drafts(new_id(), 0, ["one"]))


async def test_of_many_racers_for_one_version_exactly_one_wins(log: tuple[Database, Store]) -> None:
    database, store = log

    async def race(case: UUID, name: str) -> bool:
        async with database.connection() as tx:
            try:
                await store.append(tx.raw, drafts(case, 0, [name]))
            except StaleVersion:
                return False
            return True

    for _ in range(20):
        case = new_id()
        wins = await asyncio.gather(*(race(case, f"racer {nth}") for nth in range(8)))
        assert wins.count(True) == 1
