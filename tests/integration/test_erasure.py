"""Erasing customers on a real database and vault: what is refused, what is gone, what goes on, what is repaired."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.adapters.erasures import Erasures
from services.intake.domain.commands import Erase, NoteClosure
from shared.contracts.intake import CaseOpened, MessageReceived
from shared.contracts.intake_privacy import CaseErased, CustomerErased, ErasureApproved, HoldPlaced, PrivacyRefused
from shared.eventstore import seal
from shared.eventstore.database import Database
from shared.eventstore.draft import Provenance
from shared.eventstore.vault import Vault
from shared.runtime.clock import now
from shared.runtime.shell import Job
from tests.support.backends import MakeServiceDatabase, MakeVaultDatabase
from tests.support.counter_of_care import answers, open_intake_office, write
from tests.support.intake import RULES
from tests.support.office import Office
from tests.support.vault import VaultForTests, make_vault

pytestmark = pytest.mark.backends
BY = Provenance("system:test", "test", uuid4())


@pytest.fixture(scope="module")
def vaults(vault_database: MakeVaultDatabase) -> VaultForTests:
    return make_vault(vault_database)


@pytest.fixture(scope="module")
async def office(
    service_database: MakeServiceDatabase, vaults: VaultForTests, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    vault = vaults.open("intake")
    async with open_intake_office(service_database, tmp_path_factory.mktemp("identity"), vault) as opened:
        yield opened
    await vault.database.close()


def vault_of(office: Office) -> Vault:
    assert office.store.vault is not None
    return office.store.vault


def erasures_of(office: Office) -> Erasures:
    erasures = office.app.state.erasures
    assert isinstance(erasures, Erasures)
    return erasures


async def closed_case(office: Office, who: str, text: str = "My lamp is broken.") -> tuple[dict[str, Any], UUID]:
    """A case of one message that was closed, and its customer."""
    taken = await write(office, who, 1, text)
    case_id = UUID(taken["case_id"])
    await office.shell.record(Job(NoteClosure(case_id, now(), closed=True, reason="settled"), BY))
    customer = (await office.shell.state(case_id)).customer_id
    assert customer is not None
    return taken, customer


async def facts_of(office: Office, stream: UUID) -> list[Any]:
    async with office.shell.database.connection() as tx:
        return [event.fact for event in (await office.store.load(tx.raw, {stream: 0}))[stream]]


async def bodies_of(office: Office, *streams: UUID) -> str:
    return "".join(event.body.decode() for event in await office.events() if event.stream_id in streams)


async def test_an_erased_customer_is_read_by_nobody_any_more_and_the_rest_stays(office: Office) -> None:
    taken, customer = await closed_case(office, "erik", "My blue lamp burst.")
    case_id = UUID(taken["case_id"])
    other, _ = await closed_case(office, "olga", "My green lamp burst.")
    answer = await office.post("pia", f"/customers/{customer}/erasure")
    assert answer.status_code == 200, answer.text
    assert [event["type"].split(".")[1] for event in answer.json()["events"]] == [
        "erasure_requested",
        "erasure_approved",
        "customer_erased",
    ]
    [received] = [fact for fact in await facts_of(office, case_id) if isinstance(fact, MessageReceived)]
    assert (received.text, received.sender) == (seal.ERASED, seal.ERASED)
    [kept] = [f for f in await facts_of(office, UUID(other["case_id"])) if isinstance(f, MessageReceived)]
    assert kept.text == "My green lamp burst."
    facts = await facts_of(office, case_id)
    assert CaseErased(case_id=case_id, customer_id=customer, erasure_id=facts[-1].erasure_id, own=True) == facts[-1]
    assert isinstance((await facts_of(office, customer))[-1], CustomerErased)
    assert "erik" not in await bodies_of(office, case_id, customer)


async def test_whoever_writes_again_is_somebody_new_with_a_case_of_their_own(office: Office) -> None:
    taken, customer = await closed_case(office, "nora")
    await office.post("pia", f"/customers/{customer}/erasure")
    again = await write(office, "nora", 2, f"Hello again, about {taken['tracking_code']}")
    assert again["case_id"] != taken["case_id"]
    [opened] = [f for f in await facts_of(office, UUID(again["case_id"])) if isinstance(f, CaseOpened)]
    assert opened.customer_id != customer
    assert opened.linked_case_id is None
    third = await write(office, "nora", 3, "One more thing.")
    assert third["case_id"] == again["case_id"]
    assert [said["purpose"] for said in await answers(office, "nora")][-1] == "acknowledgement"


async def test_care_can_only_ask(office: Office) -> None:
    _, customer = await closed_case(office, "hans")
    assert (await office.post("ana", f"/customers/{customer}/erasure")).status_code == 403
    asked = await office.post("sue", f"/customers/{customer}/erasure", asked_on="2026-11-20")
    assert [event["type"] for event in asked.json()["events"]] == ["intake.erasure_requested.v1"]
    status = (await office.get("pia", f"/customers/{customer}/privacy")).json()
    assert (status["state"], status["requested_by"], status["asked_on"]) == ("requested", "sue", "2026-11-20")
    due = (await office.get("pia", "/privacy/due")).json()
    assert {"customer_id": str(customer), "why": "requested"}.items() <= due[0].items()
    await office.post("pia", f"/customers/{customer}/erasure")
    status = (await office.get("pia", f"/customers/{customer}/privacy")).json()
    assert (status["state"], status["approved_by"], status["ground"]) == ("erased", "pia", "asked")


async def test_a_hold_is_in_the_way_until_somebody_else_releases_it(office: Office) -> None:
    _, customer = await closed_case(office, "hilde")
    placed = await office.post("pia", f"/customers/{customer}/holds", reason="She claims damages.", basis="A letter")
    assert placed.status_code == 201, placed.text
    refused = await office.post("pia", f"/customers/{customer}/erasure")
    assert refused.status_code == 409
    assert "hold" in refused.json()["fix"]
    [hold] = (await office.get("audra", f"/customers/{customer}/privacy")).json()["holds"]
    path = f"/customers/{customer}/holds/{hold['hold_id']}/release"
    assert (await office.post("pia", path, why="Settled.")).status_code == 409
    assert (await office.post("max", path, why="Settled.")).status_code == 200
    assert (await office.post("pia", f"/customers/{customer}/erasure")).status_code == 200


async def test_an_open_case_is_in_the_way_and_the_refusal_is_on_record(office: Office) -> None:
    taken = await write(office, "otto", 1, "Where is my lamp?")
    customer = (await office.shell.state(UUID(taken["case_id"]))).customer_id
    assert customer is not None
    refused = await office.post("pia", f"/customers/{customer}/erasure")
    assert refused.status_code == 409
    assert "GDPR Article 17(1)(a)" in refused.json()["detail"]
    [fact] = [f for f in await facts_of(office, customer) if isinstance(f, PrivacyRefused)]
    assert fact.reason_code == "case_open"
    obstacle = (await office.get("pia", f"/customers/{customer}/privacy")).json()["obstacle"]
    assert obstacle["reason_code"] == "case_open"


async def test_nobody_unknown_is_erased(office: Office) -> None:
    assert (await office.post("pia", f"/customers/{uuid4()}/erasure")).status_code == 404
    assert (await office.post("pia", f"/customers/{uuid4()}/erasure", ground="spite")).status_code == 422


class Broken(Exception):
    """The process dies here."""


async def approve(office: Office, customer: UUID) -> None:
    erasures = erasures_of(office)
    cases = tuple(await erasures.cases.of(customer))
    day = RULES.calendar.local_date(now())
    command = Erase(customer, now(), "pia", ("privacy",), uuid4(), "asked", day, cases)
    await office.shell.record(Job(command, BY))


async def test_what_broke_off_before_the_keys_went_is_finished(office: Office) -> None:
    _, customer = await closed_case(office, "berta")
    await approve(office, customer)
    assert not await vault_of(office).destroyed([customer])
    assert not any(isinstance(fact, CustomerErased) for fact in await facts_of(office, customer))
    assert await erasures_of(office).repair() == 1
    assert await vault_of(office).destroyed([customer]) == {customer}
    assert isinstance((await facts_of(office, customer))[-1], CustomerErased)
    assert await erasures_of(office).repair() == 0


async def test_what_broke_off_after_the_keys_went_is_finished(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, customer = await closed_case(office, "carla")
    erasures = erasures_of(office)

    async def dies(_jobs: object) -> None:
        raise Broken

    await approve(office, customer)
    with monkeypatch.context() as patch:
        patch.setattr(erasures, "_record", dies)
        with pytest.raises(Broken):
            await erasures.finish(customer)
    assert await vault_of(office).destroyed([customer]) == {customer}
    assert await erasures.repair() == 1
    facts = await facts_of(office, UUID(taken["case_id"]))
    assert [type(fact) for fact in facts][-1] is CaseErased
    assert len([fact for fact in await facts_of(office, customer) if isinstance(fact, CustomerErased)]) == 1


async def test_a_vault_restored_from_a_backup_is_erased_again(office: Office, vaults: VaultForTests) -> None:
    taken, customer = await closed_case(office, "resi", "My red lamp burst.")
    vault = vault_of(office)
    async with vault.database.connection() as tx:
        [before] = await tx.raw.fetch("SELECT * FROM subject_key WHERE subject_id = $1", customer)
    await office.post("pia", f"/customers/{customer}/erasure")
    await restore(vaults, dict(before))
    assert "My red lamp burst." in await read_anew(office, vaults, UUID(taken["case_id"]))
    answer = await office.post("pia", "/privacy/replay-erasures")
    assert answer.json() == {"destroyed_again": 1, "finished": 0}
    read = await read_anew(office, vaults, UUID(taken["case_id"]))
    assert "lamp" not in read
    assert seal.ERASED in read
    assert (await office.post("oli", "/privacy/replay-erasures")).json() == {"destroyed_again": 0, "finished": 0}


async def read_anew(office: Office, vaults: VaultForTests, stream: UUID) -> str:
    """What a service that has just started reads in a stream."""
    vault = vaults.open("followup")
    opened = await vault.open_events([event for event in await office.events() if event.stream_id == stream])
    await vault.database.close()
    return "".join(event.body.decode() for event in opened)


async def restore(vaults: VaultForTests, row: dict[str, Any]) -> None:
    """Bring a key back, as a restored backup does."""
    database = Database(vaults.database.migration_url, pool_size=1)
    async with database.connection() as tx:
        await tx.raw.execute(
            "UPDATE subject_key SET wrapped = $2, master = $3, destroyed_at = NULL WHERE subject_id = $1",
            row["subject_id"], row["wrapped"], row["master"],
        )  # fmt: skip
    await database.close()


async def test_everything_known_of_a_person_is_told_and_nothing_of_others(office: Office) -> None:
    taken, customer = await closed_case(office, "kurt", "My yellow lamp burst.")
    assert (await office.get("sue", f"/customers/{customer}/known")).status_code == 403
    known = (await office.get("pia", f"/customers/{customer}/known")).json()
    assert [(one["kind"], one["address"]) for one in known["identities"]] == [("handle", "kurt")]
    [case] = known["cases"]
    assert case["case_id"] == taken["case_id"]
    texts = [event["fact"].get("text") for event in case["events"]]
    assert "My yellow lamp burst." in texts
    await office.post("pia", f"/customers/{customer}/erasure")
    told = json.dumps((await office.get("pia", f"/customers/{customer}/known")).json())
    assert "lamp" not in told
    assert seal.ERASED in told


async def test_an_approval_is_recorded_with_its_cases(office: Office) -> None:
    taken, customer = await closed_case(office, "lisa")
    await office.post("pia", f"/customers/{customer}/erasure", ground="consent_withdrawn")
    [approved] = [fact for fact in await facts_of(office, customer) if isinstance(fact, ErasureApproved)]
    assert approved.cases == (UUID(taken["case_id"]),)
    assert (approved.ground, approved.policy) == ("consent_withdrawn", RULES.retention.version)


async def test_data_that_has_served_goes_by_itself_where_the_policy_says_so_and_never_under_a_hold(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, silent = await closed_case(office, "silke")
    _, held = await closed_case(office, "helga")
    asleep = await write(office, "otmar", 1, "Where is my lamp?")
    await office.post("pia", f"/customers/{held}/holds", reason="She claims damages.", basis="A letter")
    later = now() + timedelta(days=7 * 366)
    monkeypatch.setattr(office.shell, "now", lambda: later)
    due = await erasures_of(office).due()
    assert silent in due
    assert held not in due
    assert await erasures_of(office).erase_due() == 0
    by_itself = replace(RULES, retention=RULES.retention.model_copy(update={"erase_when_due": True}))
    assert await Erasures(office.shell, vault_of(office), by_itself).erase_due() == len(due)
    assert isinstance((await facts_of(office, silent))[-1], CustomerErased)
    assert [type(fact) for fact in await facts_of(office, held)][-1] is HoldPlaced
    assert not (await office.shell.state(UUID(asleep["case_id"]))).erased
    assert await erasures_of(office).due() == []
