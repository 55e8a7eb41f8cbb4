"""A reply is checked by triage, and never lost because triage does not answer."""

import json
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.intake.adapters.reply_checker import Asked, Checked, ReplyChecker
from services.intake.settings import IntakeSettings
from shared.contracts.intake_drafts import DraftFinding

CASE = UUID(int=1)
FOUND = {"rule": "no_blame", "severity": "error", "start": 0, "end": 3, "problem": "blames", "better": "Let us see."}


def settings(tmp_path: Path, triage_url: str | None = "http://triage") -> IntakeSettings:
    token = tmp_path / "token"
    token.write_text("its-token\n")
    return IntakeSettings.model_validate(
        {"database_url": "x", "token_public_key_file": token, "token_file": token, "triage_url": triage_url}
    )


async def ask(
    tmp_path: Path, answer: httpx.Response | Exception, kind: str | None = None, policies: tuple[str, ...] = ()
) -> tuple[Checked, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    checker = ReplyChecker(settings(tmp_path), httpx.MockTransport(respond))
    async with checker.opened():
        return await checker.check(Asked(CASE, "chat", "You should have read it.", kind, policies)), asked


async def test_it_asks_with_its_own_token_and_brings_the_findings_back(tmp_path: Path) -> None:
    checked, [request] = await ask(tmp_path, httpx.Response(200, json={"findings": [FOUND]}))
    assert checked == Checked(True, (DraftFinding.model_validate(FOUND),))
    assert request.headers["Authorization"] == "Bearer its-token"
    assert json.loads(request.content) == {
        "text": "You should have read it.",
        "channel": "chat",
        "case_id": str(CASE),
        "policies": [],
    }


async def test_the_kind_of_a_reply_chooses_what_it_must_say(tmp_path: Path) -> None:
    answer = httpx.Response(200, json={"findings": []})
    _, [request] = await ask(tmp_path, answer, "statement_of_reasons", ("eu_dsa",))
    body = json.loads(request.content)
    assert (body["purpose"], body["policies"]) == ("statement_of_reasons", ["eu_dsa"])


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503),
        httpx.Response(404, json={}),
        httpx.Response(200, json={"finding": []}),
        httpx.Response(200, json={"findings": [{"rule": "no_blame"}]}),
        httpx.Response(200, text="no json"),
        httpx.ConnectError("away"),
        httpx.ReadTimeout("slow"),
    ],
)
async def test_no_answer_leaves_the_reply_unchecked(tmp_path: Path, answer: httpx.Response | Exception) -> None:
    checked, _ = await ask(tmp_path, answer)
    assert checked == Checked(False)


async def test_without_an_address_nobody_is_asked(tmp_path: Path) -> None:
    checker = ReplyChecker(settings(tmp_path, None))
    async with checker.opened():
        assert await checker.check(Asked(CASE, "chat", "Hello.")) == Checked(False)
