"""With a vault, nothing personal is stored or sent as it is; it is known in memory only, and no more once erased."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import pytest

from services.approvals import CHARTER
from shared.contracts.approvals import ExceptionWithdrawn
from shared.contracts.event import Fact, Recorded
from shared.eventstore.chain import genesis, next_link
from shared.eventstore.database import TRANSIENT, Database
from shared.eventstore.draft import CommandId, Provenance
from shared.eventstore.master_key import FileMasterKey, new_master_key
from shared.eventstore.seal import ERASED, MARK
from shared.eventstore.store import Store
from shared.eventstore.vault import Vault
from shared.kernel.decider import Decider
from shared.messaging import dead_letters
from shared.messaging.codec import encode
from shared.runtime.clock import new_id, now
from shared.runtime.rules import Rules
from shared.runtime.shell import Job, Shell
from tests.support.backends import MakeServiceDatabase, MakeVaultDatabase
from tests.support.consuming import POISON, Bench
from tests.support.log import drafts, open_log, withdrawn
from tests.support.source import proposed
from tests.support.vault import make_vault
from tests.support.waiting import stopped

pytestmark = pytest.mark.backends
CANARY = "canary-9b21"
TABLES = "SELECT format('%I', relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


@dataclass
class Sealed:
    """A log of approvals with its vault, and the vault as intake has it."""

    database: Database
    store: Store
    vault: Vault
    keeper: Vault

    async def dump(self) -> str:
        """Give every row of every table of the database, bytes as text."""
        async with self.database.connection() as tx:
            tables = [row[0] for row in await tx.raw.fetch(TABLES)]
            dumped = []
            for table in tables:
                allowed = await tx.raw.fetchval("SELECT has_table_privilege($1, 'SELECT')", table)
                rows = await tx.raw.fetch(f"SELECT * FROM {table}") if allowed else []
                dumped += [repr(tuple(row)) for row in rows]
        return "\n".join(dumped)


@pytest.fixture
async def sealed(service_database: MakeServiceDatabase, vault_database: MakeVaultDatabase) -> AsyncIterator[Sealed]:
    made = make_vault(vault_database)
    vault, keeper = made.open("approvals"), made.open("intake")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(vault.database.close)
        stack.push_async_callback(keeper.database.close)
        database, store = await stack.enter_async_context(open_log(service_database, vault=vault))
        yield Sealed(database, store, vault, keeper)


async def test_without_its_vault_nothing_is_stored(service_database: MakeServiceDatabase) -> None:
    away = Database("postgresql+asyncpg://approvals:x@127.0.0.1:1/recourse_vault")
    vault = Vault(away, FileMasterKey(new_master_key("test")))
    async with open_log(service_database, vault=vault) as (database, store), database.connection() as tx:
        with pytest.raises(TRANSIENT):
            await store.append(tx.raw, drafts(new_id(), 0, [CANARY]))
        assert set((await store.heads(tx.raw)).values()) == {0}
    await away.close()


def reasons(events: Sequence[Recorded]) -> list[str]:
    return [fact.reason for event in events if isinstance(fact := event.fact, ExceptionWithdrawn)]


async def test_the_table_and_the_record_are_sealed_and_what_is_loaded_is_open(sealed: Sealed) -> None:
    case, customer = new_id(), new_id()
    await sealed.keeper.link_case(case, customer)
    async with sealed.database.connection() as tx:
        one = await sealed.store.append(tx.raw, drafts(case, 0, [CANARY]))
        more = await sealed.store.append(tx.raw, drafts(case, 1, [CANARY, CANARY]))
        loaded = (await sealed.store.load(tx.raw, {case: 0}))[case]
        stored = await sealed.store.read(tx.raw, sealed.store.part_of(case), 0, 10)
        paged = [fact async for page in sealed.store.facts(tx.raw, sealed.store.part_of(case)) for fact in page]
    assert loaded == one + more
    assert reasons(loaded) == [CANARY] * 3 == [fact.reason for fact in paged if isinstance(fact, ExceptionWithdrawn)]
    assert CANARY not in await sealed.dump()
    for event in stored:
        assert MARK in event.body
        assert CANARY.encode() not in b"".join([encode(event).value, *(value for _, value in encode(event).headers)])


async def test_a_repeated_command_gives_what_was_recorded_though_its_seals_differ(sealed: Sealed) -> None:
    case = new_id()
    command = CommandId(new_id(), sha256(b"same").digest())
    async with sealed.database.connection() as tx:
        first = await sealed.store.append(tx.raw, drafts(case, 0, [CANARY]), command=command)
        again = await sealed.store.append(tx.raw, drafts(case, 0, [CANARY]), command=command)
    assert [event.event_id for event in first] == [event.event_id for event in again]
    assert reasons(again) == [CANARY]


@dataclass(frozen=True)
class Withdraw:
    """A command that records one withdrawal."""

    stream_id: UUID
    reason: str
    now: datetime


def words_of(state: tuple[str, ...], fact: Fact) -> tuple[str, ...]:
    assert isinstance(fact, ExceptionWithdrawn)
    return (*state, fact.reason)


def withdraw_as_told(command: Withdraw, _state: tuple[str, ...]) -> list[Fact]:
    return [withdrawn(command.stream_id, command.reason)]


async def test_after_an_erasure_everything_reads_erased_and_the_chain_holds(sealed: Sealed) -> None:
    case, customer = new_id(), new_id()
    await sealed.keeper.link_case(case, customer)
    part = sealed.store.part_of(case)
    decider: Decider[Withdraw, tuple[str, ...], Fact] = Decider((), words_of, withdraw_as_told)
    shell = Shell(sealed.database, sealed.store, Rules(charter=CHARTER, decider=decider, react=lambda *_: ()))
    heard: asyncio.Queue[UUID | None] = asyncio.Queue()
    sealed.vault.on_erased(heard.put_nowait)

    async def withdraw() -> list[Recorded]:
        return await shell.record(Job(Withdraw(case, CANARY, now()), Provenance("ana", "test", new_id())))

    async with stopped(sealed.vault.listen()):
        assert await asyncio.wait_for(heard.get(), 10) is None
        assert reasons(await withdraw()) == [CANARY]
        assert await shell.state(case) == (CANARY,)
        await sealed.keeper.destroy(customer)
        assert await asyncio.wait_for(heard.get(), 10) == customer
    assert await shell.state(case) == (ERASED,)
    assert reasons(await withdraw()) == [ERASED]
    assert await shell.state(case) == (ERASED, ERASED)
    async with sealed.database.connection() as tx:
        assert reasons((await sealed.store.load(tx.raw, {case: 0}))[case]) == [ERASED, ERASED]
        stored = await sealed.store.read(tx.raw, part, 0, 10)
    link = genesis("approvals", part)
    for event in stored:
        link = next_link(link, event)
        assert event.chain_hash == link


async def test_a_parked_event_stays_sealed_and_a_retry_opens_it(sealed: Sealed) -> None:
    bench, case = Bench(sealed.database, sealed.store), new_id()
    facts: list[Fact] = [proposed(case, POISON), proposed(case, CANARY)]
    events = await _as_stored(sealed, bench.record(facts))
    await bench.consumer().handle(events)
    dumped = await sealed.dump()
    assert CANARY not in dumped
    assert f'"{POISON}"' not in dumped
    async with sealed.database.connection() as tx:
        parked = await dead_letters.parked_of(tx.raw, "approvals", case)
    assert [letter.event.body for letter in parked] == [event.body for event in events]
    bench.broken = False
    assert await bench.consumer().retry(case, "oli", "mended") == 2
    assert len(await bench.requested()) == 2
    assert CANARY not in await sealed.dump()


async def _as_stored(sealed: Sealed, events: Sequence[Recorded]) -> list[Recorded]:
    stored = []
    for event in events:
        assert event.fact is not None
        body = await sealed.vault.seal(event.fact, event.event_id)
        stored.append(event._replace(body=body, body_hash=sha256(body).digest()))
    return stored
