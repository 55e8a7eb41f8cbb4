"""Replying: a reply is sent by default; drafts are checked offline or in a case, and released by somebody else."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local.cli.main import app
from deploy.local.errors import UsageError
from tests.support.cli_stack import FakeStack, fake_stack

CASE_ID = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"
CODE = "RC-9VXX-EYD7"
DRAFT = "c462fbb0-376a-50fa-bc14-342a1f8cda66"
SENT = {"stream_id": CASE_ID, "events": [{"type": "intake.message_sent.v1"}]}
BLAME = "You should have read the terms. That is not our problem."
GOOD = "Your parcel left our warehouse this morning."


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    exception = {"exception_id": DRAFT, "state": "approved", "deviation": "a full refund", "amount": None}
    case = {"case_id": CASE_ID, "channel": "chat", "customer_name": "Ada", "approvals": [exception], "promise_list": []}
    made.answer("casebook", "GET", f"/cases/{CODE}", case)
    made.answer("intake", "POST", f"/cases/{CASE_ID}/replies", SENT)
    for how in ("release", "return"):
        made.answer("intake", "POST", f"/cases/{CASE_ID}/drafts/{DRAFT}/{how}", SENT)
    waits(made, "waiting")
    return made


def waits(stack: FakeStack, *became: str) -> None:
    drafts = [
        {
            "draft_id": DRAFT,
            "became": one,
            "category": "legal_threat",
            "drafted_by": "ana",
            "text": "We cannot do that.",
            "checked": True,
            "findings": [{"severity": "error", "rule": "reason_named", "problem": "no reason is given"}],
            "settled_by": None,
            "why": None,
        }
        for one in became
    ]
    stack.answer("intake", "GET", f"/cases/{CASE_ID}/drafts", drafts)


@pytest.mark.parametrize("verb", [[], ["send"]])
def test_without_a_verb_a_reply_is_sent(stack: FakeStack, verb: list[str]) -> None:
    result = stack.run("reply", *verb, CODE, "We have found it.", "--as", "ana")
    assert "recorded intake.message_sent.v1" in result.stdout
    assert stack.body() == {"text": "We have found it."}


def test_a_reply_that_waits_says_for_what(stack: FakeStack) -> None:
    assert "somebody else" not in stack.run("reply", CODE, "Hello.", "--as", "ana").stdout
    drafted = {"stream_id": CASE_ID, "events": [{"type": "intake.reply_drafted.v1"}]}
    stack.answer("intake", "POST", f"/cases/{CASE_ID}/replies", drafted)
    assert "until somebody else releases it" in stack.run("reply", CODE, "Hello.", "--as", "ana").stdout


def check(tmp_path: Path, text: str, *more: str) -> Any:
    draft = tmp_path / "draft.txt"
    draft.write_text(text)
    return CliRunner().invoke(app, ["reply", "check", str(draft), *more])


def test_a_draft_is_checked_without_a_stack(tmp_path: Path) -> None:
    bad = check(tmp_path, BLAME)
    assert bad.exit_code == 1
    assert "error no blame" in bad.stdout
    assert "error no dismissal" in bad.stdout
    assert "better:" in bad.stdout
    good = check(tmp_path, GOOD)
    assert (good.exit_code, good.stdout) == (0, "0 errors, 0 warnings (letter).\n")


def test_a_draft_may_come_on_standard_input() -> None:
    result = CliRunner().invoke(
        app, ["reply", "check", "-", "--channel", "review"], input=f"{GOOD} Call +34 912 345 678."
    )
    assert result.exit_code == 1
    assert "public data" in result.stdout


@pytest.mark.parametrize("more", [["--json"], []])
def test_a_case_says_what_was_refused_and_decided(stack: FakeStack, tmp_path: Path, more: list[str]) -> None:
    finding = {"rule": "no_blame", "severity": "error", "start": 0, "end": 15, "problem": "blames", "better": "Say."}
    answer = {"errors": 1, "warnings": 0, "form": "chat", "language": "en", "findings": [finding]}
    stack.answer("triage", "POST", "/replies/check", answer)
    draft = tmp_path / "draft.txt"
    draft.write_text(BLAME)
    result = stack.run("reply", "check", str(draft), "--case", CODE, *more)
    assert result.exit_code == 1
    assert stack.body() == {
        "text": BLAME,
        "channel": "chat",
        "case_id": CASE_ID,
        "purpose": "reply",
        "policies": [],
        "backings": [{"reference": DRAFT, "what": "a full refund"}],
        "names": ["Ada"],
    }


@pytest.mark.parametrize(("name", "problem"), [("none.txt", "cannot be read"), ("empty.txt", "0 characters")])
def test_a_file_that_holds_no_draft_is_named(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "empty.txt").write_text("")
    result = CliRunner().invoke(app, ["reply", "check", str(tmp_path / name)])
    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_what_the_law_asks_of_a_final_response_is_missed(tmp_path: Path) -> None:
    final = ("--policy", "fca_disp", "--purpose", "final_response", "--language", "en")
    missed = check(tmp_path, "This is our final response. We uphold your complaint because the fee was wrong.", *final)
    assert missed.exit_code == 1
    assert "DISP 1.6.2" in missed.stdout
    told = (
        "This is our final response. We uphold your complaint because the fee was wrong. You may take it to the "
        "Financial Ombudsman Service, free of charge, within six months. The website of the ombudsman tells you how."
    )
    assert check(tmp_path, told, *final).exit_code == 0


def test_an_unknown_pack_is_named(tmp_path: Path) -> None:
    assert "holds no pack.yaml" in str(check(tmp_path, GOOD, "--policy", "nowhere").exception)


def test_drafts_are_shown_with_what_was_found(stack: FakeStack) -> None:
    shown = stack.run("reply", "drafts", CODE, "--as", "sue").stdout
    assert "drafted by ana (legal threat)" in shown
    assert "error reason named: no reason is given" in shown
    waits(stack)
    assert stack.run("reply", "drafts", CODE, "--as", "sue").stdout == "No draft.\n"


def test_all_waiting_drafts_are_listed(stack: FakeStack) -> None:
    one = {
        "draft_id": DRAFT,
        "case_id": CASE_ID,
        "tracking_code": CODE,
        "category": "legal_threat",
        "channel": "email",
        "drafted_by": "ana",
        "drafted_at": "2026-11-24T10:00:00Z",
    }
    stack.answer("intake", "GET", "/drafts", [one])
    shown = stack.run("reply", "drafts", "--as", "sue").stdout
    assert f"{CODE}  since 2026-11-24 10:00, drafted by ana (legal threat, email)" in shown
    stack.answer("intake", "GET", "/drafts", [])
    assert stack.run("reply", "drafts", "--as", "sue").stdout == "No draft waits.\n"


def test_the_waiting_draft_is_released_or_returned(stack: FakeStack) -> None:
    assert "recorded" in stack.run("reply", "release", CODE, "--as", "sue", "--note", "read").stdout
    assert stack.body() == {"note": "read"}
    assert "recorded" in stack.run("reply", "return", CODE, "--as", "sue", "--reason", "name the appeal").stdout
    assert stack.body() == {"reason": "name the appeal"}


@pytest.mark.parametrize("became", [[], ["released"], ["waiting", "waiting"]])
def test_which_draft_is_meant_is_not_guessed(stack: FakeStack, became: list[str]) -> None:
    waits(stack, *became)
    result = stack.run("reply", "release", CODE, "--as", "sue")
    assert "waiting drafts" in str(result.exception)
    assert not [request for _, _, request in stack.asked if request.method == "POST"]
