"""Facts from outside: asked in time, remembered when the provider fails, and never in the way of a case."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.adapters.facts_provider import FAILURES, KEPT, LARGEST_RECORD, REST, FactsProvider
from services.triage.domain.policies.lookups import LookedUp, plain_id
from shared.kernel.errors import MalformedInput

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ORDER = {"order_id": "#W1", "status": "pending"}


class Shop:
    """A provider that answers what a test says, and a clock that a test moves."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []
        self.now = NOON

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)

    def provider(self, **options: int | Path) -> FactsProvider:
        return FactsProvider(
            "http://facts.test/v1/",
            transport=httpx.MockTransport(self.handle),
            clock=lambda: self.now,
            **options,  # type: ignore[arg-type]  # each test gives the options that it is about
        )


def says(status: int = 200, body: object = ORDER, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, json=body, headers=headers)


def breaks(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


async def test_a_record_is_given_with_its_source_and_instant() -> None:
    shop = Shop(says())
    found = await shop.provider().lookup("order", "#W1")
    assert found == LookedUp("order", "#W1", found=True, value=ORDER, source="provider", as_of=NOON, age_seconds=0)
    assert str(shop.asked[0].url) == "http://facts.test/v1/order/W1"


async def test_a_cached_answer_is_as_old_as_the_provider_says() -> None:
    found = await Shop(says(age="120")).provider().lookup("order", "W1")
    assert (found.as_of, found.age_seconds) == (NOON - timedelta(seconds=120), 120)


async def test_an_unknown_record_is_not_found_and_not_unreachable() -> None:
    found = await Shop(says(404)).provider().lookup("order", "W1")
    assert (found.found, found.source, found.unreachable) == (False, "provider", False)


@pytest.mark.parametrize(
    "failure",
    [
        breaks,
        says(500),
        says(302),
        says(401),
        says(200, ["a list"]),
        lambda _: httpx.Response(200, content=b"<html>"),
        lambda _: httpx.Response(200, content=b'{"a":' * 40_000),
        lambda _: httpx.Response(200, content=b'{"total": NaN}'),
        lambda _: httpx.Response(200, content=b'{"total": -1e400}'),
        lambda _: httpx.Response(200, content=b'{"total": 7.9e28}'),
        lambda _: httpx.Response(200, content=b'{"total": ' + b"9" * 30 + b"}"),
        lambda _: httpx.Response(200, content=b"\xff\xfe{"),
        says(200, {"a": "b" * LARGEST_RECORD}),
    ],
)
async def test_whatever_goes_wrong_the_last_known_value_is_given_with_its_age(
    failure: Callable[[httpx.Request], httpx.Response],
) -> None:
    shop = Shop(says())
    provider = shop.provider()
    await provider.lookup("order", "#W1")
    shop.answer, shop.now = failure, NOON + timedelta(minutes=5)
    found = await provider.lookup("order", "w1")
    assert (found.found, found.source, found.value) == (True, "last_known", ORDER)
    assert (found.as_of, found.age_seconds) == (NOON, 300)
    nothing = await provider.lookup("order", "W2")
    assert (nothing.found, nothing.source, nothing.unreachable) == (False, "unreachable", True)


async def test_what_was_known_is_forgotten_when_somebody_is_erased() -> None:
    shop = Shop(says())
    provider = shop.provider()
    await provider.lookup("order", "#W1")
    provider.forget()
    shop.answer = says(500)
    assert (await provider.lookup("order", "w1")).source == "unreachable"


async def test_a_late_provider_costs_no_more_than_the_time_allowed() -> None:
    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError("never")

    provider = FactsProvider("http://facts.test", timeout_ms=30, at_once=1, transport=Slow())
    async with asyncio.timeout(5):
        found = await asyncio.gather(*(provider.lookup("order", f"W{number}") for number in range(20)))
    assert {one.source for one in found} == {"unreachable"}


async def test_no_more_are_asked_at_once_than_allowed() -> None:
    class Counting(httpx.AsyncBaseTransport):
        running = most = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.running += 1
            self.most = max(self.most, self.running)
            await asyncio.sleep(0)
            self.running -= 1
            return httpx.Response(200, json=ORDER)

    counting = Counting()
    provider = FactsProvider("http://facts.test", at_once=3, transport=counting, timeout_ms=5000)
    found = await asyncio.gather(*(provider.lookup("order", f"W{number}") for number in range(20)))
    assert all(one.found for one in found)
    assert counting.most == 3


async def test_a_provider_that_is_down_is_left_alone_for_a_while_and_then_tried_again() -> None:
    shop = Shop(breaks)
    provider = shop.provider()
    for _ in range(FAILURES + 3):
        await provider.lookup("order", "W1")
    assert len(shop.asked) == FAILURES
    shop.now += REST
    await provider.lookup("order", "W1")
    await provider.lookup("order", "W1")
    assert len(shop.asked) == FAILURES + 1
    shop.answer, shop.now = says(), shop.now + REST
    assert [(await provider.lookup("order", "W1")).source for _ in range(2)] == ["provider", "provider"]


async def test_a_deleted_record_is_not_remembered() -> None:
    shop = Shop(says())
    provider = shop.provider()
    await provider.lookup("order", "W1")
    shop.answer = says(404)
    await provider.lookup("order", "W1")
    shop.answer = breaks
    assert (await provider.lookup("order", "W1")).unreachable


async def test_a_record_is_remembered_for_a_day() -> None:
    shop = Shop(says())
    provider = shop.provider()
    await provider.lookup("order", "W1")
    shop.answer, shop.now = breaks, NOON + KEPT
    assert (await provider.lookup("order", "W1")).source == "last_known"
    shop.now += timedelta(seconds=1)
    assert (await provider.lookup("order", "W1")).unreachable


async def test_only_the_records_last_seen_are_remembered() -> None:
    shop = Shop(says())
    provider = shop.provider(known=2)
    for order in ("W1", "W2", "W1", "W3"):
        await provider.lookup("order", order)
    shop.answer = breaks
    sources = [(await provider.lookup("order", order)).source for order in ("W1", "W2", "W3")]
    assert sources == ["last_known", "unreachable", "last_known"]


async def test_the_token_is_sent_and_a_missing_token_file_is_a_failure_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    shop = Shop(says())
    provider = shop.provider(token_file=file)
    await provider.lookup("order", "W1")
    assert shop.asked[0].headers["Authorization"] == "Bearer secret"
    file.unlink()
    assert (await provider.lookup("order", "W1")).source == "last_known"


@pytest.mark.parametrize(
    ("kind", "wanted"), [("../admin", "1"), ("Order", "1"), ("order", " # #"), ("order", "x" * 201)]
)
async def test_what_can_be_no_record_is_not_asked_for(kind: str, wanted: str) -> None:
    shop = Shop(says())
    assert not (await shop.provider().lookup(kind, wanted)).found
    assert shop.asked == []


async def test_an_id_cannot_leave_its_place_in_the_address() -> None:
    shop = Shop(says())
    await shop.provider().lookup("order", "../customer/1?x=y")
    assert shop.asked[0].url.raw_path == b"/v1/order/..%2Fcustomer%2F1%3Fx%3Dy"


@pytest.mark.parametrize("address", ["", "shop", "ftp://shop", "http://"])
def test_an_address_that_is_none_is_refused_at_start(address: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        FactsProvider(address)
    assert refused.value.field == "TRIAGE_FACTS_URL"


@given(body=st.binary(max_size=60), status=st.integers(200, 599), name=st.text(max_size=30))
def test_no_answer_at_all_makes_a_look_up_raise(body: bytes, status: int, name: str) -> None:
    shop = Shop(lambda _: httpx.Response(status, content=body))
    found = asyncio.run(shop.provider().lookup("order", name))
    assert found.found == (found.source == "provider" and found.value == _object(body))


def _object(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


@given(st.text())
def test_a_plain_id_is_plain(text: str) -> None:
    assert plain_id(plain_id(text)) == plain_id(text)
