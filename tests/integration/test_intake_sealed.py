"""Intake keeps no text of a customer outside sealed values, and finds everybody by look-up values all the same."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from functools import cache

import pytest

from deploy.local.databases import ServiceDatabase
from services.intake.adapters import contents, waiting
from services.intake.adapters.contents import Erased
from services.intake.adapters.kept_cases import KeptCases
from services.intake.adapters.waiting import Waiting
from shared.contracts.intake import AutomaticMailReceived, CustomerIdentified, MessageReceived, MessageSent
from shared.eventstore.vault import Vault
from shared.kernel.errors import Refused
from tests.support.backends import MakeServiceDatabase, MakeVaultDatabase
from tests.support.intake import OWN, OpenIntake, open_intake
from tests.support.searching import found_in_tables
from tests.support.vault import VaultForTests, make_vault

pytestmark = pytest.mark.backends
WORD = "zanzibar"
ADDRESS = f"{WORD}.person@example.org"
BODY = {
    "message_id": f"{WORD}-1",
    "text": f"My {WORD} lamp broke.",
    "subject": f"The {WORD} lamp",
    "second_transcript": f"My {WORD} lamb broke.",
    "sender": {"kind": "email", "address": ADDRESS, "name": f"{WORD} Person"},
}


@pytest.fixture(scope="module")
def vaults(vault_database: MakeVaultDatabase) -> VaultForTests:
    return make_vault(vault_database)


@pytest.fixture
async def vault(vaults: VaultForTests) -> AsyncIterator[Vault]:
    opened = vaults.open("intake")
    yield opened
    await opened.database.close()


@pytest.fixture
async def intake(service_database: MakeServiceDatabase, vault: Vault) -> AsyncIterator[OpenIntake]:
    async with open_intake(service_database, vault) as opened:
        yield opened


def mail(message_id: str, text: str = f"The {WORD} is broken", **headers: str) -> bytes:
    made = EmailMessage()
    given = {"From": f"{WORD} Person <{ADDRESS}>", "To": OWN.address, "Subject": f"About the {WORD}", **headers}
    for name, value in {**given, "Message-ID": f"<{message_id}>"}.items():
        made[name] = value
    made.set_content(text)
    made.add_attachment(f"receipt of {WORD}".encode(), "text", "csv", filename=f"{WORD}.csv")
    return made.as_bytes()


async def found(intake: OpenIntake) -> list[str]:
    async with intake.shell.database.connection() as tx:
        return await found_in_tables(tx.raw, [WORD])


async def test_no_table_holds_a_word_and_the_rules_read_them_all(intake: OpenIntake) -> None:
    taken = await intake.take("chat", BODY, key=f"{WORD}-key")
    await intake.mail_door.take(mail(f"{WORD}@mail.example.org"), ADDRESS)
    await intake.mail_door.take(mail("away@x.org", Subject=f"Out of office: {WORD}", **{"Auto-Submitted": WORD}), "")
    assert await found(intake) == []
    heard, by_mail = sorted(await intake.facts(MessageReceived), key=lambda fact: fact.channel)
    assert WORD in heard.text
    assert heard.second_transcript == BODY["second_transcript"]
    assert {heard.sender, by_mail.sender} == {ADDRESS}
    assert WORD in (await intake.shell.state(taken.case_id)).subject


async def test_an_address_is_one_customer_and_a_message_one_message(intake: OpenIntake) -> None:
    first = await intake.take("chat", BODY, key="one")
    other = await intake.take("web", {**BODY, "message_id": "another"})
    again = await intake.take("chat", BODY, key="one")
    assert len(await intake.facts(CustomerIdentified)) == 1
    assert (again.message_id, again.duplicate, other.duplicate) == (first.message_id, True, False)
    with pytest.raises(Refused):
        await intake.take("chat", {**BODY, "text": "something else"}, key="one")


async def test_a_content_is_sealed_named_by_what_is_stored_and_gone_with_its_customer(
    intake: OpenIntake, vault: Vault
) -> None:
    raw = mail("content@mail.example.org")
    await intake.mail_door.take(raw, ADDRESS)
    [fact] = await intake.facts(MessageReceived)
    assert fact.content is not None
    [file] = fact.attachments
    async with intake.shell.database.connection() as tx:
        assert await contents.read(tx, vault, fact.content.sha256) == raw
        assert await contents.read(tx, vault, file.content.sha256) == f"receipt of {WORD}".encode()
        assert fact.content.size == len(raw)
        await vault.destroy(fact.customer_id)
        with pytest.raises(Erased):
            await contents.read(tx, vault, file.content.sha256)


async def test_a_thread_goes_on_by_message_ids_that_no_table_holds(intake: OpenIntake) -> None:
    await intake.mail_door.take(mail(f"{WORD}@first.example.org"), ADDRESS)
    await intake.mail_door.take(
        mail("second@x.org", **{"In-Reply-To": f"<{WORD}@first.example.org>"}), "someone.else@example.org"
    )
    first, second = await intake.facts(MessageReceived)  # of one case, so in order
    assert second.conversation_id == first.conversation_id
    assert second.in_reply_to == first.message_id
    ours = (await intake.facts(MessageSent))[0]
    one = Waiting(ours.message_id, ours.conversation_id, ours.case_id, 0, 1)
    async with intake.shell.database.connection() as tx:
        refs = await waiting.refs_of(tx.raw, one, OWN.domain, intake.store)
        [letter] = await waiting.letters(
            tx.raw, await waiting.to_fetch(tx.raw, ours.conversation_id, None, 1), intake.store
        )
    assert f"{WORD}@first.example.org" in refs.values()
    assert letter.sent == ours
    assert ours.recipient == ADDRESS


async def test_a_machines_mail_is_found_by_the_address_it_came_from(intake: OpenIntake) -> None:
    await intake.mail_door.take(mail("away@x.org", **{"Auto-Submitted": "auto-replied"}), ADDRESS)
    [unknown] = await intake.facts(AutomaticMailReceived)
    taken = await intake.take("web", BODY)
    await intake.mail_door.take(mail("away2@x.org", **{"Auto-Submitted": "auto-replied"}), ADDRESS)
    state = await intake.shell.state(taken.case_id)
    assert state.customer_id is not None
    assert await KeptCases(intake.shell).mails_of(state.customer_id) == (unknown.mail_id,)
    known = {fact.customer_id for fact in await intake.facts(AutomaticMailReceived)}
    assert known == {None, state.customer_id}


async def test_a_database_from_before_the_vault_is_made_blind_and_knows_everybody_still(
    service_database: MakeServiceDatabase, vault: Vault
) -> None:
    raw = mail(f"{WORD}@mail.example.org")

    @cache
    def same(owner: str) -> ServiceDatabase:
        return service_database(owner)

    async with open_intake(same) as before:
        told = await before.take("chat", BODY, key=f"{WORD}-key")
        await before.mail_door.take(raw, ADDRESS)
        assert {one.split(".")[1] for one in await found(before)} >= {"customer_address", "message_index", "content"}
    async with open_intake(same, vault) as after:
        open_still = {one.split(".")[1] for one in await found(after)}
        assert open_still == {"event", "content"}  # those of before cannot be changed
        again = await after.take("chat", BODY, key=f"{WORD}-key")
        assert (again.duplicate, again.message_id) == (True, told.message_id)
        goes_on = await after.take("chat", {**BODY, "message_id": "next"}, key=f"{WORD}-key")
        assert (goes_on.case_id, goes_on.conversation_id) == (told.case_id, told.conversation_id)
        await after.mail_door.take(raw, ADDRESS)
        assert len([fact for fact in await after.facts(MessageReceived) if fact.channel == "email"]) == 1
        assert len(await after.facts(CustomerIdentified)) == 1
