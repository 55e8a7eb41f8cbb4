"""People who may read cases see the words of events; services and doors do not."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic_core import from_json

from deploy.local.cli.opened import open_bodies
from deploy.local.identity import Identity
from shared.contracts.approvals import ExceptionWithdrawn
from shared.eventstore.seal import ERASED
from shared.eventstore.vault import Vault
from shared.runtime.auth import TokenVerifier
from shared.runtime.clock import new_id
from shared.runtime.opened import opened_router
from shared.runtime.problems import answer_problems
from tests.support.backends import MakeVaultDatabase
from tests.support.log import withdrawn
from tests.support.vault import make_vault

pytestmark = pytest.mark.backends


class Door:
    """A service that opens, and its vault as intake has it."""

    def __init__(self, http: httpx.AsyncClient, identity: Identity, vault: Vault) -> None:
        self.vault = vault
        self._http = http
        self._identity = identity

    async def stored(self, fact: ExceptionWithdrawn) -> dict[str, Any]:
        event = new_id()
        return {"event_id": str(event), "body": from_json(await self.vault.seal(fact, event))}

    async def ask(self, user: str, *events: dict[str, Any]) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {self._identity.mint(user)}"}
        return await self._http.post("/opened", json={"events": events}, headers=bearer)


@pytest.fixture
async def door(vault_database: MakeVaultDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    identity = Identity(tmp_path_factory.mktemp("home") / "identity")
    identity.prepare()
    made = make_vault(vault_database)
    reading, keeper = made.open("casebook"), made.open("intake")
    app = FastAPI()
    app.state.service = SimpleNamespace(vault=reading)
    app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
    answer_problems(app)
    app.include_router(opened_router())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(reading.database.close)
        stack.push_async_callback(keeper.database.close)
        transport = httpx.ASGITransport(app)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://door"))
        yield Door(http, identity, keeper)


async def test_readers_of_cases_get_the_words_and_others_are_refused(door: Door) -> None:
    event = await door.stored(withdrawn(new_id(), "no longer wanted"))
    assert event["body"]["reason"].startswith("sealed:1:")
    for user in ("ana", "audra"):
        answer = await door.ask(user, event)
        assert answer.json()[0]["reason"] == "no longer wanted"
    for user in ("door", "triage"):
        assert (await door.ask(user, event)).status_code == 403


async def test_a_text_moved_to_another_event_stays_closed(door: Door) -> None:
    one, other = await door.stored(withdrawn(new_id(), "one")), await door.stored(withdrawn(new_id(), "other"))
    moved = {**other, "body": one["body"]}
    assert (await door.ask("audra", moved)).json() == [one["body"]]


async def test_an_erased_text_says_so(door: Door) -> None:
    case = new_id()
    event = await door.stored(withdrawn(case, "one"))
    await door.vault.destroy(case)
    assert (await door.ask("audra", event)).json()[0]["reason"] == ERASED


def test_the_command_line_shows_stored_bodies_to_whom_may_not_read_them() -> None:
    refused = httpx.MockTransport(lambda _request: httpx.Response(403))
    with httpx.Client(transport=refused, base_url="http://door") as client:
        assert open_bodies(client, [("id", {"text": "sealed:1:x"})]) == [{"text": "sealed:1:x"}]
