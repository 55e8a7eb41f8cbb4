"""The parameter as_of: what it takes, what it refuses, and that nobody answers with the present instead."""

from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Query

from shared.kernel.errors import MalformedInput
from shared.runtime.as_of import AsOf, AsOfQuery, instant, only_where_read
from shared.runtime.problems import answer_problems


class Filters(AsOfQuery):
    """A list's parameters."""

    state: str | None = None


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI(dependencies=[Depends(only_where_read)])
    answer_problems(app)

    @app.get("/past")
    async def past(as_of: AsOf) -> datetime | None:
        return as_of

    @app.get("/list")
    async def listed(as_of: AsOf, asked: Annotated[Filters, Query()]) -> list[str | None]:
        return [None if as_of is None else as_of.isoformat(), asked.state]

    @app.get("/present")
    async def present() -> str:
        return "now"

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


@pytest.mark.parametrize(
    "text", ["2026-11-20T09:30:00Z", "2026-11-20T10:30:00+01:00", "2026-11-20T10:30:00 01:00", "20261120T093000Z"]
)
def test_an_instant_is_read_in_any_zone(text: str) -> None:
    assert instant(text, "as_of") == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-11-20T09:30:00", "has no zone"),
        ("2026-11-20", "has no zone"),
        ("9999-01-01T00:00:00Z", "is yet to come"),
        ("1700000000", "is not an instant"),
        ("soon", "is not an instant"),
        ("", "is not an instant"),
    ],
)
def test_what_is_no_instant_of_the_past_is_refused_with_the_field_and_the_fix(text: str, problem: str) -> None:
    with pytest.raises(MalformedInput, match=problem) as refused:
        instant(text, "as_of")
    assert refused.value.field == "as_of"
    assert refused.value.fix


async def test_a_question_that_reads_it_gets_it(client: httpx.AsyncClient) -> None:
    assert (await client.get("/past")).json() is None
    assert (await client.get("/past", params={"as_of": "2026-11-20T09:30:00Z"})).json() == "2026-11-20T09:30:00Z"
    listed = await client.get("/list", params={"as_of": "2026-11-20T09:30:00Z", "state": "x"})
    assert listed.json() == ["2026-11-20T09:30:00+00:00", "x"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/present", "as_of"),
        ("/present", "as_effective_at"),
        ("/past", "as_effective_at"),
        ("/list", "as_effective_at"),
    ],
)
async def test_a_question_that_does_not_read_it_refuses(client: httpx.AsyncClient, path: str, field: str) -> None:
    refused = await client.get(path, params={field: "2026-11-20T09:30:00Z"})
    assert refused.status_code == 422
    assert refused.json()["field"].endswith(field)
    assert (await client.get("/present")).json() == "now"


async def test_openapi_has_it_once(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]["/list"]["get"]["parameters"]
    assert [parameter["name"] for parameter in described].count("as_of") == 1
