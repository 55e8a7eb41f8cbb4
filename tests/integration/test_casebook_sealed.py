"""Nothing that customers wrote stands in the casebook's database or files; its answers tell it, until it is erased."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic_core import from_json
from sqlalchemy import make_url

from bench.case_histories import of_part
from deploy.local.databases import with_database
from deploy.local.identity import Identity
from services.casebook import api
from services.casebook.api.opening import OpenAnswers
from services.casebook.projections.order import RebuildOrder
from services.casebook.projections.search import Search
from services.casebook.projections.vault_access import VaultAccess
from services.casebook.tables import LIVE
from shared.contracts.event import Recorded
from shared.contracts.intake import CaseOpened, CustomerIdentified
from shared.eventstore.partition import log_part
from shared.eventstore.seal import ERASED, MARK
from shared.eventstore.vault import Vault
from shared.messaging.broker import ensure_topics
from shared.runtime.auth import TokenVerifier
from shared.runtime.clock import new_id
from shared.runtime.problems import answer_problems
from shared.runtime.vaulting import hear_erasures
from tests.support.backends import MakeServiceDatabase, MakeVaultDatabase
from tests.support.canaries import erasure, said, sealed
from tests.support.casebook import Casebook, go_live, open_casebook, publish, rows_of
from tests.support.rebuilding import PARTS, batches, history, run
from tests.support.recorded import recorded
from tests.support.vault import make_vault
from tests.support.waiting import stopped

pytestmark = pytest.mark.backends
PATHS = (
    "/cases",
    "/cases/{case}",
    "/cases/{case}/timeline",
    "/approvals",
    "/promises",
    "/customers/{customer}",
    "/events",
)
SUBJECTS = "SELECT subject_id FROM subject_key"


@dataclass
class Sealed:
    """A casebook that took sealed events, and what is needed to ask it, rebuild it and erase its customers."""

    casebook: Casebook
    events: list[Recorded]
    vaults: dict[str, Vault]
    order: RebuildOrder
    ask: Callable[[str], Any]
    canary: str
    superuser_url: str

    @property
    def search(self) -> Search:
        return Search(self.vaults["casebook"])

    async def answers(self) -> dict[str, bytes]:
        """Ask everything of the first case and of its customer."""
        fact = next(fact for event in self.events if isinstance(fact := event.fact, CaseOpened))
        paths = {path: path.format(case=fact.case_id, customer=fact.customer_id) for path in PATHS}
        return {path: await self.ask(asked) for path, asked in paths.items()}

    async def rows(self) -> dict[str, list[str]]:
        async with self.casebook.database.connection() as tx:
            return await rows_of(tx.raw, LIVE)

    async def erase(self) -> None:
        """Destroy every key, and let live hear of it."""
        async with self.vaults["intake"].database.connection() as tx:
            subjects = [row[0] for row in await tx.raw.fetch(SUBJECTS)]
        for subject in subjects:
            await self.vaults["intake"].destroy(UUID(str(subject)))
        gone = erasure(self.events)
        await publish(self.order.kafka_bootstrap, self.order.topics, gone)
        await go_live(self.casebook.database, [gone], self.search)


def whole_cases() -> list[Recorded]:
    """Some whole cases, one after another in each log, and the name and address of each customer."""
    told = [event for part in range(PARTS) for event in of_part(part, 2)]
    customers = {fact.customer_id: event for event in told if isinstance(fact := event.fact, CaseOpened)}
    places = Counter((event.log, event.log_part) for event in told)
    for customer in customers:
        fact = CustomerIdentified(customer_id=customer, address_kind="email", address="kim@example.org", name="Kim")
        part = log_part(customer, PARTS)
        places["intake", part] += 1
        event = recorded(fact, position=places["intake", part], event_id=new_id())
        told.append(event._replace(log_part=part, version=1))
    return told


def every_fact() -> list[Recorded]:
    """Facts of every class, at random."""
    return history(7)


WHOLE = pytest.mark.parametrize("made", [whole_cases], indirect=True, ids=["whole"])
EVERY = pytest.mark.parametrize("made", [every_fact], indirect=True, ids=["every"])
BOTH = pytest.mark.parametrize("made", [whole_cases, every_fact], indirect=True, ids=["whole", "every"])


@pytest.fixture
async def made(
    service_database: MakeServiceDatabase,
    vault_database: MakeVaultDatabase,
    postgres_admin_url: str,
    kafka_bootstrap: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Sealed]:
    canary = f"canary{token_hex(8)}"
    vault = make_vault(vault_database)
    vaults = {name: vault.open(name) for name in ("intake", "casebook")}
    topics = {owner: f"{owner}-{new_id().hex}.events" for owner in ("intake", "triage", "approvals", "followup")}
    await ensure_topics(kafka_bootstrap, topics.values(), PARTS)
    events = await sealed(vaults["intake"], [said(event, canary) for event in request.param()])
    await publish(kafka_bootstrap, topics, events)
    async with open_casebook(service_database) as casebook, stopped(hear_erasures(vaults["casebook"])):
        search = Search(vaults["casebook"])
        await go_live(casebook.database, batches(events), search)
        order = replace(
            casebook.order(kafka_bootstrap, topics), vault=VaultAccess(vault.database.urls["casebook"], vault.line)
        )
        app = FastAPI()
        app.add_middleware(OpenAnswers, open_document=vaults["casebook"].open_document)
        app.state.search = search
        app.state.service = SimpleNamespace(database=casebook.database, settings=SimpleNamespace(log_parts=PARTS))
        identity = Identity(tmp_path / "identity")
        identity.prepare()
        app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
        answer_problems(app)
        app.include_router(api.router)
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {identity.mint('ana')}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://casebook", headers=headers) as client:

            async def ask(path: str) -> bytes:
                answer = await client.get(path)
                assert answer.status_code == 200, answer.text
                return answer.content

            name = make_url(casebook.made.database_url).database
            assert name is not None
            yield Sealed(casebook, events, vaults, order, ask, canary, with_database(postgres_admin_url, name))
    for one in vaults.values():
        await one.database.close()


@EVERY
async def test_no_row_holds_a_word_of_a_customer(made: Sealed) -> None:
    rows = await made.rows()
    assert all(rows.values())
    assert made.canary not in repr(rows).casefold()


@WHOLE
async def test_answers_hold_what_customers_wrote_and_no_token(made: Sealed) -> None:
    for path, answer in (await made.answers()).items():
        assert made.canary.encode() in answer, path
        assert MARK not in answer, path


@EVERY
async def test_the_files_of_the_database_hold_no_word_of_a_customer(made: Sealed) -> None:
    control = f"control{token_hex(8)}"
    owner = await asyncpg.connect(made.superuser_url)
    try:
        await owner.execute(f"CREATE TABLE control AS SELECT '{control}' AS text; CHECKPOINT")
        directory = Path(await owner.fetchval("SHOW data_directory"))
        own = await owner.fetchval("SELECT oid::text FROM pg_database WHERE datname = current_database()")
    finally:
        await owner.close()
    found = await asyncio.to_thread(holding, (directory / "base" / own, directory / "pg_wal"), (control, made.canary))
    if found is None:
        pytest.skip("the database's files are in a container")
    assert found == {control}


def holding(folders: Sequence[Path], texts: Sequence[str]) -> set[str] | None:
    """Give those of the texts that stand in a file of the folders; None where these cannot be read."""
    if not all(folder.is_dir() for folder in folders):
        return None
    files = [file.read_bytes() for folder in folders for file in folder.iterdir() if file.is_file()]
    return {text for text in texts if any(text.encode() in file for file in files)}


@WHOLE
async def test_cases_and_customers_are_found_until_they_are_erased(made: Sealed) -> None:
    found = from_json(await made.ask(f"/cases?q={made.canary[:9].upper()}"))["items"]
    assert {case["case_id"] for case in found} >= {
        str(fact.case_id) for event in made.events if isinstance(fact := event.fact, CaseOpened)
    }
    await made.erase()
    assert from_json(await made.ask(f"/cases?q={made.canary}"))["items"] == []
    rows = await made.rows()
    assert made.canary not in repr(rows).casefold()


@WHOLE
async def test_what_is_erased_is_told_as_erased(made: Sealed) -> None:
    await made.answers()  # the keys are at hand now
    await made.erase()
    async with asyncio.timeout(20):
        while any(made.canary.encode() in answer for answer in (await made.answers()).values()):
            await asyncio.sleep(0.05)
    for path, answer in (await made.answers()).items():
        assert made.canary.encode() not in answer, path
        assert ERASED.encode() in answer, path
        assert MARK not in answer, path


@BOTH
async def test_a_rebuild_comes_to_the_rows_of_live_before_and_after_an_erasure(made: Sealed) -> None:
    before = await run(made.order)
    assert before.comparison is not None
    assert before.comparison.differences == []

    await made.erase()
    after = await run(replace(made.order, switch="if_equal"))
    assert after.comparison is not None
    assert after.comparison.differences == []
    assert after.switched
    assert after.comparison.rows["case_search"] > 0
