"""Bad bodies are told as problems that name the field, what is wrong, and the fix."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from shared.runtime.problems import PROBLEM_JSON, answer_problems


class Body(BaseModel):
    """What the door of this test takes."""

    name: str


def app() -> FastAPI:
    """Make an app with one door."""
    made = FastAPI()
    answer_problems(made)

    @made.post("/door")
    async def door(body: Body) -> str:
        return body.name

    return made


@pytest.mark.parametrize(
    ("content", "field"),
    [(b"{", "body"), (b"\xff\xfe", "body"), (b"[]", "body"), (b"{}", "name"), (b'{"name": 1}', "name")],
)
async def test_a_bad_body_is_told_with_field_and_fix(content: bytes, field: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://door") as client:
        answer = await client.post("/door", content=content, headers={"Content-Type": "application/json"})
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"], told["field"]) == (422, PROBLEM_JSON, field)
    assert told["fix"]
    assert told["problems"][0]["field"] == field
