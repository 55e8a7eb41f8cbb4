"""Ingest at the doors: repeats are counted, busy doors waited for, refusals reported, and the others go on."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.errors import StackError
from deploy.local.ingest.doors import DoorRefused, Doors, Patience
from deploy.local.ingest.items import Problem
from deploy.local.ingest.run import Ingest, Target
from deploy.local.ingest.sources import find_sources

QUICK = Patience(attempts=3, first=0.0, longest=0.0)
Answer = Callable[[httpx.Request], httpx.Response]
BODY = {"message_id": "d#0", "text": "x"}


class Silent:
    """A watcher that looks away."""

    def moved(self, size: int) -> None: ...
    def told(self, problem: Problem) -> None: ...
    def waiting(self, why: str) -> None: ...


def taken(request: httpx.Request, duplicate: bool = False) -> httpx.Response:
    said = json.loads(request.content)
    answers = [{"message_id": one["message_id"], "duplicate": duplicate} for one in said.get("messages", [said])]
    return httpx.Response(201, json=answers if "messages" in said else answers[0])


def post(answer: Answer, channel: str = "chat", key: str = "d", bodies: list[dict[str, Any]] | None = None) -> Any:
    async def run() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://door") as client:
            return await Doors(client, QUICK).post(channel, key, bodies or [BODY])

    return asyncio.run(run())


def test_the_conversation_is_part_of_the_path_whatever_its_letters() -> None:
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return taken(request)

    post(answer, key="a/b:1 ü")
    post(answer, channel="web")
    post(answer, bodies=[BODY, BODY])
    assert seen == [b"/chat/a%252Fb%3A1%2520%25C3%25BC/messages", b"/web/requests", b"/chat/d/messages:batch"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_door_is_tried_again(status: int) -> None:
    answers = iter([httpx.Response(status), httpx.Response(status)])
    [answer] = post(lambda request: next(answers, taken(request)))
    assert answer["duplicate"] is False


def test_a_door_that_stays_away_ends_it_with_a_remedy() -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(StackError, match="goes on where it was"):
        post(away)


@pytest.mark.parametrize(
    ("answer", "field", "problem"),
    [
        (httpx.Response(422, json={"detail": "text: too long", "field": "text", "title": "t"}), "text", "too long"),
        (httpx.Response(409, json={"detail": "other content", "title": "Refused"}), "message", "other content"),
        (httpx.Response(500, text="oops"), "message", "oops"),
        (httpx.Response(404, json=["odd"]), "message", '["odd"]'),
    ],
)
def test_a_refusal_names_field_problem_and_fix(answer: httpx.Response, field: str, problem: str) -> None:
    with pytest.raises(DoorRefused) as refused:
        post(lambda _request: answer)
    assert (refused.value.field, refused.value.problem) == (field, problem)
    assert refused.value.fix


def ingest(tmp_path: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch, dialogues: int = 3) -> Ingest:
    lines = [
        {"id": f"d{n}", "channel": "chat", "turns": [{"speaker": s, "text": f"{s} {n}"} for s in ("customer", "agent")]}
        for n in range(dialogues)
    ]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    real = httpx.AsyncClient

    def client(**options: Any) -> httpx.AsyncClient:
        return real(transport=httpx.MockTransport(answer), base_url=options["base_url"])

    monkeypatch.setattr("deploy.local.ingest.run.httpx.AsyncClient", client)
    run = Ingest(find_sources([tmp_path]), Silent())
    asyncio.run(run.run(Target("http://door", "token", "127.0.0.1", 0, "care@x.example", QUICK)))
    return run


def test_what_the_doors_knew_is_counted_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ingest(tmp_path, lambda request: taken(request, duplicate=True), monkeypatch)
    assert run.tally.complete
    assert (run.tally.taken, run.tally.duplicates, run.tally.as_data()["new"]) == (6, 6, 0)


def test_one_refused_turn_keeps_neither_its_neighbours_nor_other_dialogues_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if b"agent 1" in request.content:
            return httpx.Response(422, json={"detail": "no", "field": "text"})
        return taken(request)

    run = ingest(tmp_path, answer, monkeypatch)
    assert run.tally.taken == 5
    [problem] = run.tally.problems
    assert problem.where.endswith("d.jsonl:2 turn 1")
    assert not run.tally.complete


def test_a_door_that_goes_away_breaks_the_run_off_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if b"d2" in request.content else taken(request)

    run = ingest(tmp_path, answer, monkeypatch)
    assert run.tally.broken_off is not None
    assert "503" in run.tally.broken_off
    assert not run.tally.complete
