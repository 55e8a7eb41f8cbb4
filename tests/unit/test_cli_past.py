"""The verbs that look back: as of an instant, what changed between two, and waiting while the past is prepared."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.cli.case_diff import changes
from deploy.local.errors import UsageError
from tests.support.cli_stack import FakeStack, fake_stack
from tests.unit.test_cli_reading_verbs import CASE_ID, CODE, event, listed

AT = "2026-11-20T09:30:00+00:00"
LATER = "2026-11-21T09:30:00+00:00"
PROMISE = {"promise_id": "0000-aaaaaa", "what": "a refund", "due": "2026-11-25T10:00:00Z", "state": "made"}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    return fake_stack(tmp_path, monkeypatch)


def test_a_case_and_its_timeline_are_asked_for_as_of_the_same_instant(stack: FakeStack) -> None:
    stack.answer("casebook", "GET", f"/cases/{CODE}", listed(1, tracking_code=CODE))
    stack.answer("casebook", "GET", f"/cases/{CASE_ID}/timeline", {"items": [], "next": None})
    shown = stack.run("case", CODE, "--as-of", "2h ago", "--as-effective-at", AT)
    assert shown.exit_code == 0, shown.output
    asked = [request.url.params for service, _, request in stack.asked if service == "casebook"]
    assert len(asked) == 2
    assert len({params["as_of"] for params in asked}) == 1
    assert {params["as_effective_at"] for params in asked} == {AT}
    assert shown.stdout.startswith("as known at 20")


@pytest.mark.parametrize("instant", ["2026-11-20T09:30:00", "2999-01-01", "soon"])
def test_what_is_no_instant_of_the_past_is_refused_before_anybody_is_asked(stack: FakeStack, instant: str) -> None:
    refused = stack.run("case", CODE, "--as-of", instant)
    assert isinstance(refused.exception, UsageError)
    assert str(refused.exception).startswith("--as-of: ")
    assert stack.asked == []


def test_a_diff_names_fields_and_the_events_in_between(stack: FakeStack) -> None:
    first, second = event(1, "intake.case_opened.v1", "Case opened"), event(2, "followup.promise_made.v1", "Promised")

    def of_case(request: httpx.Request) -> httpx.Response:
        case = listed(1, tracking_code=CODE)
        if request.url.params["as_of"] == LATER:
            case |= {"status": "waiting", "promise_list": [PROMISE]}
        return httpx.Response(200, json=case)

    def of_timeline(request: httpx.Request) -> httpx.Response:
        events = [first, second] if request.url.params["as_of"] == LATER else [first]
        return httpx.Response(200, json={"items": events, "next": None})

    for name in (CODE, CASE_ID):
        stack.answer("casebook", "GET", f"/cases/{name}", of_case)
        stack.answer("casebook", "GET", f"/cases/{name}/timeline", of_timeline)
    found = stack.json("case", CODE, "--diff", f"{AT}..{LATER}")
    assert found["events"] == [second]
    assert (found["before"], found["after"]) == (AT, LATER)
    changed = {change["field"]: (change["before"], change["after"]) for change in found["changes"]}
    assert changed["status"] == ("open", "waiting")
    assert changed["promise aaaaaa (a refund): state"] == (None, "made")
    shown = stack.run("case", CODE, "--diff", f"{AT}..{LATER}").stdout
    assert "open → waiting" in shown
    assert "1 events in between" in shown


def test_a_case_that_was_not_known_yet_came_into_being_in_between(stack: FakeStack) -> None:
    stack.answer("casebook", "GET", f"/cases/{CODE}", listed(1, tracking_code=CODE))
    stack.answer("casebook", "GET", f"/cases/{CODE}/timeline", {"items": [event(1, "x", "y")], "next": None})
    found = stack.json("case", CODE, "--diff", f"{AT}..")
    assert {change["before"] for change in found["changes"]} == {None}
    assert len(found["events"]) == 1
    assert stack.json("case", CODE, "--diff", "..")["before"] is None


def test_a_diff_takes_no_other_instant(stack: FakeStack) -> None:
    assert isinstance(stack.run("case", CODE, "--diff", "..", "--as-of", AT).exception, UsageError)


def test_the_same_case_has_no_changes() -> None:
    case = listed(1, promise_list=[PROMISE])
    assert list(changes(case, {**case, "events": 9})) == []


def test_a_list_of_the_past_is_waited_for(stack: FakeStack) -> None:
    answers: list[tuple[int, dict[str, Any]]] = [
        (202, {"phase": "reading", "done": 1, "total": 2}),
        (202, {"phase": "indexing", "done": 0, "total": 0}),
        (200, {"items": [listed(1)], "next": None}),
    ]

    def answer(_request: httpx.Request) -> httpx.Response:
        status, body = answers.pop(0)
        return httpx.Response(status, json=body, headers={"Retry-After": "0"})

    stack.answer("casebook", "GET", "/cases", answer)
    found = stack.json("cases", "--as-of", AT)
    assert [case["tracking_code"] for case in found["items"]] == ["RC-0001"]
    assert {request.url.params["as_of"] for _, _, request in stack.asked} == {AT}
    assert len(stack.asked) == 3
