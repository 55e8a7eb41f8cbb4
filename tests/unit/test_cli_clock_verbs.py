"""The verbs of clocks and of promises found in what was said."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local.cli.clock import read_target
from deploy.local.cli.main import app
from deploy.local.errors import UsageError
from tests.support.cli_stack import FakeStack, fake_stack

CASE_ID = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"
CODE = "RC-9VXX-EYD7"
FOUND = "5174eba7-ffdb-5411-a526-0b0bf66e7fb3"
OUTCOME = {"stream_id": CASE_ID, "events": [{"type": "followup.clocks_moved.v1"}]}
SPANS = [
    ("2026-11-23T10:00:00Z", "2026-11-23T12:00:00Z", 7200, "running", "care", None, "intake.case_opened"),
    ("2026-11-23T12:00:00Z", "2026-11-23T15:00:00Z", 10800, "paused", "carrier", "the parcel is sought", "command"),
    ("2026-11-23T15:00:00Z", "2026-11-23T17:00:00Z", 7200, "running", "care", None, "command"),
    ("2026-11-23T17:00:00Z", "2026-11-24T08:00:00Z", 54000, "closed", "nobody", "closed hours", "command"),
]
CLOCK = {
    "clock": "resolution",
    "metric": "resolution",
    "status": "running",
    "due": "2026-11-25T12:00:00Z",
    "original_due": "2026-11-24T12:00:00Z",
    "breached_at": None,
    "target": {"amount": 40, "unit": "working_hours"},
    "calendar": "default",
    "calendar_version": "5f0c2a9b1d7e4c38",
    "seconds": {"closed": 54000, "paused": 10800, "running": 14400},
    "held_seconds": {"care": 14400, "carrier": 10800},
    "alarms": [{"level": "8 before", "at": "2026-11-24T16:00:00Z"}],
    "spans": [
        dict(zip(("start", "end", "seconds", "state", "held_by", "reason", "cause"), span, strict=True))
        | {"cause_id": None, "by": "ana" if span[3] == "paused" else None}
        for span in SPANS
    ],
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    made.answer("casebook", "GET", f"/cases/{CODE}", {"case_id": CASE_ID})
    explained = {"case_id": CASE_ID, "at": "2026-11-24T08:00:00Z", "clocks": [CLOCK]}
    made.answer("followup", "GET", f"/cases/{CASE_ID}/clocks", explained)
    return made


def found_in(stack: FakeStack, *ids: str) -> None:
    one: dict[str, Any] = {
        "what": "you should have it in three to five working days",
        "words": "in three to five working days",
        "due": "2026-11-30T17:00:00Z",
        "said_at": "2026-11-23T10:00:00Z",
        "said_by": "ana",
        "channel": "phone",
        "confidence": 0.9,
        "backed": False,
        "doubtful": True,
    }
    listed = [{**one, "promise_id": each} for each in ids]
    stack.answer("followup", "GET", f"/cases/{CASE_ID}/promises", {"found": listed})


def test_an_explained_clock_shows_each_span_why_and_by_whom_and_exact_sums(stack: FakeStack) -> None:
    shown = stack.run("clock", "explain", CODE).stdout
    assert "originally 2026-11-24 12:00" in shown
    assert "carrier" in shown
    assert "closed hours" in shown
    assert "sum 22:00:00: closed 15:00:00, paused 3:00:00, running 4:00:00" in shown
    assert "held by: care 4:00:00, carrier 3:00:00" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_a_clock_that_the_case_does_not_have_is_said_so(stack: FakeStack) -> None:
    stack.answer("followup", "GET", f"/cases/{CASE_ID}/clocks", {"case_id": CASE_ID, "at": "x", "clocks": []})
    assert "has no clock first" in str(stack.run("clock", "explain", CODE, "first").exception)


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (["pause", CODE, "resolution", "--reason", "r", "--held-by", "c"], "pause", {"reason": "r", "held_by": "c"}),
        (["resume", CODE, "resolution", "--reason", "r"], "resume", {"reason": "r"}),
        (
            ["retarget", CODE, "resolution", "3 working_days", "--reason", "r"],
            "retarget",
            {
                "target": {"amount": 3.0, "unit": "working_days", "ends": "midnight", "rolls": False},
                "reason": "r",
            },
        ),
    ],
)
def test_a_clock_is_paused_resumed_and_retargeted(
    stack: FakeStack, arguments: list[str], path: str, body: dict[str, Any]
) -> None:
    stack.answer("followup", "POST", f"/cases/{CASE_ID}/clocks/resolution/{path}", OUTCOME)
    assert stack.json("clock", *arguments, "--as", "sue") == OUTCOME
    assert stack.body() == body


@pytest.mark.parametrize("written", ["", "three days", "3 fortnights", "3 weeks soon", "-1 weeks"])
def test_a_target_that_cannot_be_read_names_the_units(written: str) -> None:
    with pytest.raises(UsageError, match=r"is no target .*working_hours"):
        read_target(written)


def test_what_was_found_is_listed_with_its_doubts(stack: FakeStack) -> None:
    found_in(stack, FOUND)
    shown = stack.run("promise", "found", CODE).stdout
    assert "nothing backed it when it was said; two transcripts differ" in " ".join(shown.split())


def test_the_only_one_found_need_not_be_named(stack: FakeStack) -> None:
    found_in(stack, FOUND)
    stack.answer("followup", "POST", f"/cases/{CASE_ID}/promises/{FOUND}/confirmed", OUTCOME)
    assert stack.json("promise", "confirm", CODE, "--as", "ana", "--backing", "clause:shop/M-1") == OUTCOME
    assert stack.body() == {"backing": {"kind": "clause", "reference": "shop/M-1"}}


def test_of_two_found_one_must_be_named(stack: FakeStack) -> None:
    found_in(stack, FOUND, CASE_ID)
    result = stack.run("promise", "dismiss", CODE, "--as", "ana", "--reason", "none of ours")
    assert "has 2 found promises" in str(result.exception)
    stack.answer("followup", "POST", f"/cases/{CASE_ID}/promises/{FOUND}/dismissed", OUTCOME)
    assert stack.json("promise", "dismiss", CODE, FOUND, "--as", "ana", "--reason", "none of ours") == OUTCOME


def test_nothing_is_confirmed_without_backing(stack: FakeStack) -> None:
    found_in(stack, FOUND)
    assert stack.run("promise", "confirm", CODE, "--as", "ana").exit_code == 2
    assert "is no backing" in str(stack.run("promise", "confirm", CODE, "--as", "ana", "--backing", "M-1").exception)


def test_what_is_heard_is_compared_with_labels(tmp_path: Path) -> None:
    talk, labels = tmp_path / "talk.jsonl", tmp_path / "labels.jsonl"
    said = ["We will call you by Friday.", "We'll send it within two days.", "Have a great day."]
    talk.write_text(json.dumps({"id": "d1", "turns": [{"speaker": "agent", "text": text} for text in said]}))
    marked = [["by Friday"], [], ["a great day"]]
    lines = [{"id": "d1", "turn": number, "promises": words} for number, words in enumerate(marked)]
    labels.write_text("\n".join(json.dumps(line) for line in lines))
    ran = CliRunner().invoke(app, ["promise", "evaluate", str(talk), "--labels", str(labels), "--json"])
    found = json.loads(ran.stdout)
    assert (found["turns"], found["marked"], found["found"], found["right"]) == (3, 2, 2, 1)
    assert (found["precision"], found["recall"]) == (0.5, 0.5)
    assert [wrong["turn"] for wrong in found["wrong"]] == [1, 2]


def test_labels_of_other_files_are_no_evaluation(tmp_path: Path) -> None:
    empty = tmp_path / "none.jsonl"
    empty.write_text("")
    result = CliRunner().invoke(app, ["promise", "evaluate", str(empty), "--labels", str(empty)])
    assert "none of the labelled turns" in str(result.exception)
    result = CliRunner().invoke(app, ["promise", "evaluate", str(tmp_path / "lost"), "--labels", str(empty)])
    assert "No such file" in str(result.exception)


def test_the_board_names_case_clock_holder_and_who_was_told(stack: FakeStack) -> None:
    one = {
        "clock_id": FOUND,
        "case_id": CASE_ID,
        "tracking_code": CODE,
        "clock": "first_response",
        "state": "running",
        "held_by": "care",
        "reason": None,
        "due": "2026-11-24T09:00:00Z",
        "breached_at": "2026-11-24T09:00:00Z",
        "level": "late",
        "whom": "supervisor",
    }
    stack.answer("casebook", "GET", "/clocks", {"items": [one], "next": None})
    shown = " ".join(stack.run("clocks", "--breached", "--clock", "first_response").stdout.split())
    assert f"{CODE} first_response 2026-11-24 09:00 care ran out 2026-11-24 09:00" in shown
    assert "supervisor" in shown
    assert dict(stack.asked[-1][2].url.params) == {"clock": "first_response", "breached": "true", "limit": "20"}


def test_the_ledger_counts_and_shares(stack: FakeStack) -> None:
    line = {
        "name": "front desk",
        "made": 4,
        "kept": 2,
        "late": 1,
        "broken": 1,
        "released": 0,
        "open": 0,
        "renegotiated": 1,
        "found": 1,
        "kept_share": 0.5,
    }
    stack.answer("casebook", "GET", "/promises/ledger", {"by": "team", "since": None, "lines": [line]})
    assert "front desk 4 2 1 1 0 0 1 50%" in " ".join(stack.run("promises", "--by", "team").stdout.split())
    assert "--by: 'moon' is not known" in str(stack.run("promises", "--by", "moon").exception)
