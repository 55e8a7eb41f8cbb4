"""Keys are made once, found by every service, and gone everywhere once destroyed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.followup import PromiseKept
from shared.contracts.intake import CaseOpened
from shared.eventstore import vault_keeping
from shared.eventstore.master_key import FileMasterKey, VaultUnusable, new_master_key
from shared.eventstore.seal import ERASED
from shared.eventstore.vault import Vault
from shared.runtime.clock import new_id, now
from tests.support.backends import MakeVaultDatabase
from tests.support.vault import VaultForTests, make_vault
from tests.support.waiting import stopped

pytestmark = pytest.mark.backends
CANARY = "canary-7f3a"
Open = Callable[[str], Vault]


@pytest.fixture
def made(vault_database: MakeVaultDatabase) -> VaultForTests:
    return make_vault(vault_database)


@pytest.fixture
async def open_as(made: VaultForTests) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        def opened(service: str) -> Vault:
            vault = made.open(service)
            stack.push_async_callback(vault.database.close)
            return vault

        yield opened


def opened_case(case_id: UUID, customer_id: UUID) -> CaseOpened:
    return CaseOpened(
        case_id=case_id,
        tracking_code="ABC",
        customer_id=customer_id,
        channel="email",
        conversation_id=new_id(),
        subject=CANARY,
        received_at=now(),
        answer_due=now(),
    )


def kept(case_id: UUID) -> PromiseKept:
    return PromiseKept(case_id=case_id, promise_id=new_id(), evidence=CANARY, kept_at=now(), late=False)


async def test_what_one_service_seals_another_opens(open_as: Open) -> None:
    intake, casebook = open_as("intake"), open_as("casebook")
    stored = await intake.seal(opened_case(new_id(), new_id()), new_id())
    assert CANARY.encode() not in stored
    assert CANARY.encode() in await casebook.open_document(stored)


async def test_a_fact_without_a_customer_is_sealed_with_the_key_of_the_customer_of_its_case(open_as: Open) -> None:
    intake, followup = open_as("intake"), open_as("followup")
    case, customer = new_id(), new_id()
    await intake.seal(opened_case(case, customer), new_id())
    stored = await followup.seal(kept(case), new_id())
    assert await followup.customer_of_case(case) == customer
    await intake.destroy(customer)
    assert f'"evidence":"{ERASED}"'.encode() in await open_as("casebook").open_document(stored)


async def test_what_was_sealed_before_the_case_was_linked_is_erased_with_the_customer(open_as: Open) -> None:
    intake, followup = open_as("intake"), open_as("followup")
    case, customer = new_id(), new_id()
    early = await followup.seal(kept(case), new_id())
    await intake.link_case(case, customer)
    await intake.link_case(case, new_id())
    assert await intake.customer_of_case(case) == customer
    await intake.destroy(customer)
    assert CANARY.encode() not in await open_as("casebook").open_document(early)


async def test_nothing_personal_is_stored_of_somebody_who_was_erased_even_before(open_as: Open) -> None:
    intake, customer = open_as("intake"), new_id()
    await intake.destroy(customer)
    await intake.destroy(customer)
    stored = await intake.seal(opened_case(new_id(), customer), new_id())
    assert f'"subject":"{ERASED}"'.encode() in stored
    assert await intake.seal_text(customer, CANARY, new_id()) == ERASED
    assert await intake.open_bytes(await intake.seal_bytes(customer, CANARY.encode())) is None
    assert await intake.destroyed([customer, new_id()]) == {customer}


async def test_an_erasure_reaches_every_process_that_listens(open_as: Open) -> None:
    intake, followup, customer = open_as("intake"), open_as("followup"), new_id()
    token = await intake.seal_text(customer, CANARY, new_id())
    content = await intake.seal_bytes(customer, CANARY.encode())
    heard: asyncio.Queue[UUID | None] = asyncio.Queue()
    followup.on_erased(heard.put_nowait)
    async with stopped(followup.listen()):
        assert await asyncio.wait_for(heard.get(), 10) is None
        assert await followup.open_text(token) == CANARY
        assert await followup.open_bytes(content) == CANARY.encode()
        await intake.destroy(customer)
        assert await asyncio.wait_for(heard.get(), 10) == customer
        assert await followup.open_text(f"said: {token}") == f"said: {ERASED}"
        assert await followup.open_bytes(content) is None
        assert await followup.open_json({"a": [token, 1, None]}) == {"a": [ERASED, 1, None]}


async def test_a_listener_that_loses_its_connection_says_so_and_can_listen_again(
    made: VaultForTests, open_as: Open, postgres_admin_url: str
) -> None:
    vault = open_as("followup")
    heard: asyncio.Queue[UUID | None] = asyncio.Queue()
    vault.on_erased(heard.put_nowait)
    admin = await asyncpg.connect(postgres_admin_url)
    for _ in range(2):
        listening = asyncio.create_task(vault.listen())
        await asyncio.wait_for(heard.get(), 10)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", made.database.name
        )
        with pytest.raises(OSError):  # noqa: PT011 - the kind is what matters: whoever listens tries again
            await asyncio.wait_for(listening, 10)
        assert await asyncio.wait_for(heard.get(), 10) is None
    await admin.close()


async def test_processes_that_make_the_same_keys_at_once_make_one_each(open_as: Open) -> None:
    vaults = [open_as(name) for name in ("intake", "triage", "approvals", "followup")]
    subjects = [new_id() for _ in range(50)]
    facts = [(opened_case(new_id(), subject), new_id()) for subject in subjects]
    await asyncio.gather(*(vault.seal_all(facts[::step]) for vault in vaults for step in (1, -1)))
    counted = await vault_keeping.count(vaults[0])
    assert (counted.subjects, counted.destroyed, counted.cases) == (50, 0, 50)


async def test_look_up_values_are_the_same_in_every_process_and_only_there(
    open_as: Open, vault_database: MakeVaultDatabase
) -> None:
    one, two = await asyncio.gather(open_as("intake").blind("a@b.example"), open_as("triage").blind("a@b.example"))
    assert one == two == await open_as("casebook").blind("a@b.example")
    other = make_vault(vault_database).open("intake")
    assert await other.blind("a@b.example") != one
    await other.database.close()


@pytest.mark.parametrize("service", ["triage", "approvals", "followup", "casebook"])
async def test_only_intake_may_destroy(open_as: Open, service: str) -> None:
    with pytest.raises(VaultUnusable, match="InsufficientPrivilege"):
        await open_as(service).destroy(new_id())


async def test_casebook_makes_no_keys(open_as: Open) -> None:
    with pytest.raises(VaultUnusable, match="InsufficientPrivilege"):
        await open_as("casebook").seal(opened_case(new_id(), new_id()), new_id())


async def test_a_new_master_key_takes_over_and_the_old_one_can_go(made: VaultForTests, open_as: Open) -> None:
    intake, customer = open_as("intake"), new_id()
    token, blinded = await intake.seal_text(customer, CANARY, new_id()), await intake.blind("x")
    erased = new_id()
    gone = await intake.seal_text(erased, CANARY, new_id())
    await intake.destroy(erased)
    new_line = new_master_key("next")
    both = FileMasterKey(made.line + new_line)
    assert await vault_keeping.rewrap(intake, both) == 2
    assert await vault_keeping.rewrap(intake, both) == 0
    await vault_keeping.scrub(intake)
    only_new = Vault(intake.database, FileMasterKey(new_line))
    assert await only_new.open_text(f"{token} {gone}") == f"{CANARY} {ERASED}"
    assert await only_new.blind("x") == blinded
    with pytest.raises(VaultUnusable, match="next"):
        await open_as("triage").check()


async def test_a_vault_without_tables_or_with_another_master_key_is_told_plainly(
    made: VaultForTests, open_as: Open, vault_database: MakeVaultDatabase
) -> None:
    empty = VaultForTests(vault_database(), made.line).open("triage")
    with pytest.raises(VaultUnusable, match="no tables yet"):
        await empty.check()
    await open_as("intake").seal_text(new_id(), CANARY, new_id())
    await open_as("triage").check()
    wrong = VaultForTests(made.database, new_master_key("test")).open("triage")
    with pytest.raises(VaultUnusable, match="not the one"):
        await wrong.check()
    await asyncio.gather(empty.database.close(), wrong.database.close())
