"""The casebook's API over real rows: a whole case read back in words, roles, problems, and its OpenAPI."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bench.case_histories import PARTS, of_part
from deploy.local.identity import Identity
from services.casebook import api
from services.casebook.projections.search import Search
from shared.contracts.event import Recorded
from shared.contracts.intake import CaseOpened, CustomerIdentified
from shared.runtime.auth import TokenVerifier
from shared.runtime.problems import answer_problems
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import go_live, open_casebook
from tests.support.memory_vault import MemoryVault
from tests.support.recorded import recorded

pytestmark = pytest.mark.backends
CASES = 5
READERS = ("ana", "sue", "max", "audra", "oli")


class Asking:
    """Sends questions as a user and gives the answers."""

    def __init__(self, client: httpx.AsyncClient, identity: Identity) -> None:
        self.client = client
        self._identity = identity

    async def get(self, path: str, *, by: str = "ana", **query: Any) -> httpx.Response:
        token = {"Authorization": f"Bearer {self._identity.mint(by)}"}
        return await self.client.get(path, params=query, headers=token)

    async def __call__(self, path: str, *, by: str = "ana", **query: Any) -> Any:
        answer = await self.get(path, by=by, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def events() -> list[Recorded]:
    """Some whole cases, and the name and address of one customer."""
    told = list(of_part(0, CASES))
    opened = next(event for event in told if isinstance(event.fact, CaseOpened))
    assert isinstance(opened.fact, CaseOpened)
    customer = CustomerIdentified(
        customer_id=opened.fact.customer_id, address_kind="email", address="kim@example.org", name="Kim"
    )
    return [*told, recorded(customer)._replace(log_part=1)]


@pytest.fixture(scope="module")
async def ask(
    service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory, events: list[Recorded]
) -> AsyncIterator[Asking]:
    identity = Identity(tmp_path_factory.mktemp("home") / "identity")
    identity.prepare()
    async with open_casebook(service_database) as casebook:
        search = Search(MemoryVault())
        await go_live(casebook.database, [events], search)
        app = FastAPI()
        app.state.search = search
        app.state.service = SimpleNamespace(database=casebook.database, settings=SimpleNamespace(log_parts=PARTS))
        app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
        answer_problems(app)
        app.include_router(api.router)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://casebook") as client:
            yield Asking(client, identity)


async def test_a_case_is_listed_and_read_by_its_tracking_code(ask: Asking) -> None:
    listed = await ask("/cases", status="closed", sort="oldest")
    assert len(listed["items"]) == CASES
    [first] = (await ask("/cases", customer="kim@example.org"))["items"]
    assert first in listed["items"]
    case = await ask(f"/cases/{first['tracking_code'].lower()}")
    assert {name: case[name] for name in first} == first
    assert case["customer_name"] == "Kim"
    assert case["amount"] == {"amount": "84.90", "currency": "GBP"}
    assert (case["messages_in"], case["messages_out"], case["promises_open"], case["exceptions_open"]) == (3, 3, 0, 0)
    [approval] = case["approvals"]
    assert (approval["state"], approval["decided_by"], approval["conditions"]) == (
        "approved",
        ["max"],
        ["send it back"],
    )
    [promise] = case["promise_list"]
    assert (promise["state"], promise["late"], promise["tracking_code"]) == ("kept", False, case["tracking_code"])


async def test_a_timeline_tells_who_did_what_why_and_what_caused_it(ask: Asking) -> None:
    case = (await ask("/cases", limit=1))["items"][0]["tracking_code"]
    whole = await ask(f"/cases/{case}/timeline", limit=500)
    assert len(whole["items"]) == 22
    assert whole["next"] is None
    boundary = whole["items"][4]
    assert boundary["what"] == "Limit stated: 14 days; offered instead: a free repair"
    assert boundary["why"].startswith("the 14 days are over")
    assert boundary["why"].endswith("(clause returns.14-days of shop 3: Goods may be returned in 14 days.)")
    assert (boundary["who"], boundary["via"]) == ("rules", "bench")
    before = whole["items"][3]
    assert boundary["caused_by"] == {"event_id": before["event_id"], "who": before["who"], "what": before["what"]}
    assert len(boundary["trace_id"]) == 32

    paged, after = [], None
    while True:
        page = await ask(f"/cases/{case}/timeline", limit=5, **({"after": after} if after else {}))
        paged += page["items"]
        if (after := page["next"]) is None:
            break
    assert paged == whole["items"]


async def test_the_feed_of_a_case_goes_on_after_its_cursor(ask: Asking) -> None:
    case = (await ask("/cases", limit=1))["items"][0]["case_id"]
    seen = 0
    after: dict[str, str] = {}
    for expected in (9, 9, 4, 0):
        page = await ask("/events", case=case, limit=9, **after)
        assert len(page["items"]) == expected
        seen, after = seen + expected, {"after": page["next"]}
    assert seen == 22


async def test_boards_customers_and_counters(ask: Asking, events: list[Recorded]) -> None:
    assert len((await ask("/approvals", state="approved"))["items"]) == CASES
    assert (await ask("/approvals", state="requested"))["items"] == []
    assert len((await ask("/promises", state="kept"))["items"]) == CASES
    assert (await ask("/promises", due_before="2001-01-01T00:00:00Z"))["items"] == []
    by_address = (await ask("/cases", customer="kim@example.org"))["items"]
    customer = await ask(f"/customers/{by_address[0]['customer_id']}")
    assert customer["cases"] == by_address
    assert [address["address"] for address in customer["addresses"]] == ["kim@example.org"]
    numbers = await ask("/counters")
    assert sum(numbers["totals"]["events"].values()) == len(events)
    assert sum(numbers["totals"]["messages_in"].values()) == 3 * CASES
    assert numbers["totals"]["boundaries"] == {"shop/returns.14-days": CASES}
    assert numbers["now"] == {"exceptions": {"requested": 0, "approved": CASES}, "promises": {"kept": CASES}}
    days = {event.recorded_at.date().isoformat() for event in events}
    assert [day["day"] for day in numbers["days"]] == [max(days)], "the newest 31 days"
    since = await ask("/counters", since=min(days))
    assert [day["day"] for day in since["days"]] == sorted(days, reverse=True)
    assert since["totals"] == numbers["totals"]


@pytest.mark.parametrize("user", READERS)
async def test_readers_may_read(ask: Asking, user: str) -> None:
    assert (await ask.get("/counters", by=user)).status_code == 200


@pytest.mark.parametrize("user", ["door", "triage"])
async def test_doors_and_services_may_not(ask: Asking, user: str) -> None:
    refused = await ask.get("/cases", by=user)
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"


async def test_nothing_is_shown_without_a_token(ask: Asking) -> None:
    paths = [path for path, methods in (await schema(ask))["paths"].items() if "get" in methods]
    assert {"/cases", "/insights"} < set(paths)
    for path in paths:
        assert (await ask.client.get(path.format(case="x", customer_id="x"))).status_code == 401


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/cases", {"statuss": "open"}, "statuss"),
        ("/cases", {"status": "lost"}, "status"),
        ("/cases", {"after": "nonsense"}, "after"),
        ("/cases", {"limit": "0"}, "limit"),
        ("/events", {"after": "WzFd"}, "after"),
        ("/counters", {"since": "2026-02-02", "until": "2026-02-01"}, "since"),
        ("/approvals", {"state": "maybe"}, "state"),
        ("/promises", {"due_before": "soon"}, "due_before"),
    ],
)
async def test_a_parameter_that_cannot_be_read_is_named(
    ask: Asking, path: str, query: dict[str, str], field: str
) -> None:
    refused = await ask.get(path, **query)
    assert refused.status_code == 422
    assert refused.json()["field"].rpartition(".")[2] == field


async def test_a_case_that_is_not_there_is_a_problem_with_a_fix(ask: Asking) -> None:
    absent = await ask.get("/cases/RC-NONE")
    assert absent.status_code == 404
    assert absent.json()["detail"] == "there is no case RC-NONE"
    assert absent.json()["fix"].startswith("give a case id or a tracking code")


async def test_every_route_says_what_it_gives_and_how_it_refuses(ask: Asking) -> None:
    described = await schema(ask)
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["description"], path
            assert {"200", "401", "403", "422"} <= operation["responses"].keys(), path
            answer = operation["responses"]["200"]["content"]["application/json"]
            assert "example" in answer, path


async def schema(ask: Asking) -> Any:
    return (await ask.client.get("/openapi.json")).json()
