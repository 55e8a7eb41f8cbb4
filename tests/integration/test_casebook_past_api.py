"""The API about the past: every question that is asked of now is answered as live, and refusals are clear."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from bench.case_histories import PARTS, of_part
from deploy.local.environment import ROOT
from deploy.local.identity import Identity
from services.casebook import api
from services.casebook.api.connections import answer_preparation
from services.casebook.projections.past import Stage
from services.casebook.queries.learning import read_learning
from services.casebook.queries.past_case import PastCases
from services.casebook.queries.past_models import PastInPreparation, PastModels
from shared.contracts.event import Recorded
from shared.runtime.as_of import only_where_read
from shared.runtime.auth import TokenVerifier
from shared.runtime.clock import now
from shared.runtime.problems import answer_problems
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import go_live, open_casebook
from tests.support.past import ToldPeers

pytestmark = pytest.mark.backends
LISTS = (
    "/cases",
    "/approvals",
    "/promises",
    "/promises/ledger",
    "/promises/found",
    "/clocks",
    "/conduct-measures",
    "/counters",
    "/insights",
    "/events",
)


class Asking:
    """Sends questions as the auditor."""

    def __init__(self, client: httpx.AsyncClient, identity: Identity, app: FastAPI) -> None:
        self.app = app
        self._client = client
        self._headers = {"Authorization": f"Bearer {identity.mint('audra')}"}

    async def __call__(self, path: str, **query: Any) -> httpx.Response:
        return await self._client.get(path, params=query, headers=self._headers)


@pytest.fixture(scope="module")
def events() -> list[Recorded]:
    return list(of_part(0, 5))


@pytest.fixture(scope="module")
async def ask(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory, events: list[Recorded]
) -> AsyncIterator[Asking]:
    identity = Identity(tmp_path_factory.mktemp("home") / "identity")
    identity.prepare()
    async with AsyncExitStack() as stack:
        casebook = await stack.enter_async_context(open_casebook(service_database))
        await go_live(casebook.database, [events])
        app = FastAPI(dependencies=[Depends(only_where_read)])
        peers = ToldPeers(events)
        app.state.search = None
        app.state.service = SimpleNamespace(database=casebook.database, settings=SimpleNamespace(log_parts=PARTS))
        app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
        app.state.learning = read_learning(Path(ROOT / "policies"))
        app.state.past_cases = PastCases(casebook.database.url, peers)
        app.state.past_models = PastModels(casebook.database.engine, peers, None)
        await stack.enter_async_context(app.state.past_cases.while_running(None))
        answer_problems(app)
        answer_preparation(app)
        app.include_router(api.router)
        transport = httpx.ASGITransport(app)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://casebook"))
        yield Asking(client, identity, app)


async def test_every_list_as_of_now_is_the_live_one(ask: Asking) -> None:
    for path in LISTS:
        live, past = await ask(path), await ask(path, as_of=now().isoformat())
        assert (past.status_code, past.content) == (200, live.content), path
        assert live.json(), path


async def test_every_case_as_of_now_is_the_live_one(ask: Asking) -> None:
    cases = (await ask("/cases")).json()["items"]
    assert len(cases) == 5
    for case in cases:
        for path in (f"/cases/{case['tracking_code']}", f"/cases/{case['case_id']}/timeline"):
            for asked in ({"as_of": now().isoformat()}, {"as_effective_at": now().isoformat()}):
                assert (await ask(path, **asked)).content == (await ask(path)).content
        customer = f"/customers/{case['customer_id']}"
        assert (await ask(customer, as_of=now().isoformat())).content == (await ask(customer)).content


async def test_a_case_of_the_past_has_what_was_known_then(ask: Asking, events: list[Recorded]) -> None:
    case_id = events[0].stream_id
    of_case = [event for event in events if event.stream_id == case_id]
    for nth, event in enumerate(of_case, 1):
        timeline = await ask(f"/cases/{case_id}/timeline", as_of=event.recorded_at.isoformat(), limit=500)
        assert [each["event_id"] for each in timeline.json()["items"]] == [str(e.event_id) for e in of_case[:nth]]
    half = of_case[len(of_case) // 2].recorded_at
    then = (await ask(f"/cases/{case_id}", as_of=half.isoformat())).json()
    assert (then["status"], then["promise_list"]) == ("waiting", [])
    feed = (await ask("/events", case=str(case_id), as_of=half.isoformat(), limit=500)).json()["items"]
    assert len(feed) == len(of_case) // 2 + 1


async def test_an_instant_before_the_first_event_is_told_apart(ask: Asking, events: list[Recorded]) -> None:
    of_case = await ask(f"/cases/{events[0].stream_id}", as_of="2020-01-01T00:00:00Z")
    assert of_case.status_code == 404
    assert of_case.json()["field"] == "as_of"
    assert events[0].recorded_at.isoformat() in of_case.json()["fix"]
    of_all = await ask("/cases", as_of="2020-01-01T00:00:00Z")
    assert (of_all.status_code, of_all.json()["field"]) == (404, "as_of")


@pytest.mark.parametrize("path", [*LISTS, "/cases/x", "/cases/x/timeline"])
@pytest.mark.parametrize("instant", ["2026-11-20T09:30:00", "9999-01-01T00:00:00Z", "soon"])
async def test_what_is_no_instant_of_the_past_is_refused_everywhere(ask: Asking, path: str, instant: str) -> None:
    refused = await ask(path, as_of=instant)
    assert (refused.status_code, refused.json()["field"]) == (422, "as_of")
    assert refused.json()["fix"]


async def test_a_list_has_no_effective_instant(ask: Asking) -> None:
    for path in LISTS:
        refused = await ask(path, as_effective_at="2026-01-06T00:00:00Z")
        assert refused.status_code == 422, path
        assert refused.json()["field"].endswith("as_effective_at"), path


async def test_while_the_past_is_prepared_the_answer_is_202_and_how_far_it_is(ask: Asking) -> None:
    class Preparing(PastModels):
        def open(self, at: Any) -> Any:
            raise PastInPreparation(Stage("reading", 4, 10))

    ready = ask.app.state.past_models
    ask.app.state.past_models = Preparing(ready._engine, ready._peers, None)
    try:
        told = await ask("/cases", as_of=now().isoformat())
    finally:
        ask.app.state.past_models = ready
    assert (told.status_code, told.json()) == (202, {"phase": "reading", "done": 4, "total": 10})
    assert told.headers["retry-after"] == "1"


async def test_without_the_right_to_make_tables_a_list_of_the_past_is_503_with_the_setting(
    ask: Asking, events: list[Recorded]
) -> None:
    refused = await ask("/cases", as_of=events[20].recorded_at.isoformat())
    assert (refused.status_code, refused.json()["field"]) == (503, "CASEBOOK_MIGRATION_DATABASE_URL")
