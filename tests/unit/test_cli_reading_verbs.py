"""The verbs that show things: pages are followed, texts are whole, nothing that customers wrote steers the terminal."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.cli.showing import one_line, plain
from tests.support.cli_stack import FakeStack, fake_stack

CASE_ID = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"
CODE = "RC-9VXX-EYD7"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    return fake_stack(tmp_path, monkeypatch)


def listed(number: int, **fields: Any) -> dict[str, Any]:
    case: dict[str, Any] = {
        "case_id": CASE_ID,
        "tracking_code": f"RC-{number:04}",
        "status": "open",
        "channel": "chat",
        "opened_at": "2026-11-24T09:00:00Z",
        "answer_due": "2026-11-25T17:00:00Z",
        "kind": None,
        "tone": None,
        "amount": None,
        "subject": f"subject {number}",
        "customer_name": None,
        "messages_in": 1,
        "messages_out": 1,
        "approvals": [],
        "promise_list": [],
    }
    return {**case, **fields}


def event(number: int, type_: str, what: str, cause: int | None = None, **fields: Any) -> dict[str, Any]:
    caused_by = None if cause is None else {"event_id": f"e{cause}", "who": "x", "what": "y"}
    shown = {
        "event_id": f"e{number}",
        "type": type_,
        "what": what,
        "log": type_.partition(".")[0],
        "log_part": 3,
        "position": number,
        "who": "system:triage",
        "on_behalf_of": None,
        "why": None,
        "via": "reaction",
        "about_id": None,
        "caused_by": caused_by,
        "recorded_at": "2026-11-24T09:00:01Z",
        "received_at": None,
    }
    return {**shown, **fields}


def timeline(stack: FakeStack, *events: dict[str, Any]) -> None:
    stack.answer("casebook", "GET", f"/cases/{CODE}", listed(1, tracking_code=CODE))
    stack.answer("casebook", "GET", f"/cases/{CASE_ID}/timeline", {"items": list(events), "next": None})


def test_a_list_goes_over_as_many_pages_as_it_needs(stack: FakeStack) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        begin = int(request.url.params.get("after", "0"))
        size = int(request.url.params["limit"])
        items = [listed(number) for number in range(begin, begin + size)]
        return httpx.Response(200, json={"items": items, "next": str(begin + size)})

    stack.answer("casebook", "GET", "/cases", page)
    found = stack.json("cases", "--limit", "450", "--status", "open")
    assert [case["tracking_code"] for case in found["items"]] == [f"RC-{number:04}" for number in range(450)]
    assert found["next"] == "450"
    assert all(request.url.params["status"] == "open" for _, _, request in stack.asked)


def test_what_is_not_asked_for_is_not_sent(stack: FakeStack) -> None:
    stack.answer("casebook", "GET", "/cases", {"items": [], "next": None})
    assert "No cases." in stack.run("cases").stdout
    assert set(stack.asked[0][2].url.params) == {"limit", "sort"}


def test_a_case_shows_numbers_of_causes_and_leaves_notes_of_services_out(stack: FakeStack) -> None:
    timeline(
        stack,
        event(1, "intake.case_opened.v1", "Case opened", who="door"),
        event(2, "followup.message_noted.v1", "Follow-up noted", cause=1),
        event(3, "triage.boundary_stated.v1", "Limit stated: 30 days", cause=1, why="the clause says so"),
    )
    shown = stack.run("case", CODE, "--short").stdout
    assert "why: the clause says so" in shown
    assert "Follow-up noted" not in shown
    assert "1 notes of services to themselves" in shown
    [line] = [line for line in shown.splitlines() if "Limit stated" in line]
    assert line.split()[:4] == ["3", "09:00:01", "triage", "1"]
    assert "Follow-up noted" in stack.run("case", CODE, "--short", "--all").stdout


def test_messages_are_shown_whole_from_the_log(stack: FakeStack) -> None:
    timeline(stack, event(5, "intake.message_received.v1", "The customer wrote by chat: I wan…", who="door"))
    stack.answer("intake", "GET", "/log/3", [{"headers": {}, "body": json.dumps({"text": "sealed:1:AAAA"})}])
    stack.answer("intake", "POST", "/opened", [{"text": "I want\nmy money"}])
    [shown] = stack.json("case", CODE)["timeline"]
    assert shown["text"] == "I want\nmy money"
    read, opened = (request for _, _, request in stack.asked[-2:])
    assert dict(read.url.params) == {"after": "4", "limit": "1"}
    assert [one["body"] for one in json.loads(opened.content)["events"]] == [{"text": "sealed:1:AAAA"}]
    lines = [line.strip() for line in stack.run("case", CODE).stdout.splitlines()]
    assert "my money" in lines


def test_who_may_not_read_the_log_sees_how_messages_begin(stack: FakeStack) -> None:
    timeline(stack, event(5, "intake.message_received.v1", "The customer wrote by chat: I wan…", who="door"))
    stack.answer("intake", "GET", "/log/3", httpx.Response(403, json={"title": "Not allowed"}))
    assert stack.json("case", CODE, "--as", "ana")["timeline"][0]["text"] is None
    assert "I wan…" in stack.run("case", CODE, "--as", "ana").stdout
    assert {user for _, user, _ in stack.asked} == {"ana"}


def test_a_case_that_is_not_there_is_told_in_the_services_own_words(stack: FakeStack) -> None:
    result = stack.run("case", "RC-NONE")
    assert "Not found: casebook /cases/RC-NONE" in str(result.exception)


@pytest.mark.parametrize("nasty", ["\x1b[2J", "\x9b31m", "\u202etxt", "bell\x07", "nul\x00"])
def test_nothing_that_a_customer_wrote_reaches_the_terminal_as_control_codes(stack: FakeStack, nasty: str) -> None:
    assert plain(nasty) != nasty
    timeline(stack, event(1, "intake.case_opened.v1", f"Case opened: {nasty} [red]x[/]", why=nasty))
    stack.answer("casebook", "GET", f"/cases/{CODE}", listed(1, tracking_code=CODE, subject=nasty))
    shown = stack.run("case", CODE, "--short").stdout
    assert nasty not in shown
    assert "[red]x[/]" in shown


def test_line_ends_stay_and_one_line_has_none() -> None:
    assert plain("a\r\nb\rc\td") == "a\nb\nc\td"
    assert one_line(" a\n\n b\t c ") == "a b c"


def test_exceptions_show_who_may_decide_until_when(stack: FakeStack) -> None:
    one = {
        "exception_id": "c462fbb0-376a-50fa-bc14-342a1f8cda66",
        "case_id": CASE_ID,
        "tracking_code": CODE,
        "state": "requested",
        "kind": "unfounded_demand",
        "policy": "shop",
        "clause": "G-2",
        "clause_text": "Goodwill ends here.",
        "deviation": "compensation",
        "reason": "above the limit",
        "amount": {"amount": "40", "currency": "USD"},
        "proposed_by": "rules",
        "required_role": "supervisor",
        "deadline": "2026-11-24T12:33:00Z",
        "escalations": 1,
        "voices": 0,
        "voices_needed": 1,
    }
    stack.answer("casebook", "GET", "/approvals", {"items": [one], "next": None})
    shown = stack.run("approvals").stdout
    assert "waits for  supervisor until 2026-11-24 12:33, escalated; 0 of 1 agreed" in shown
    assert stack.asked[0][2].url.params["state"] == "requested"
    stack.run("approvals", "--state", "all")
    assert "state" not in stack.asked[1][2].url.params
