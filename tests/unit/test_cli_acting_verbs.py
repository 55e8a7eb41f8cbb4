"""The verbs by which people act: in their own name, under a command id, and refused in the services' own words."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.local.cli.outcome import money
from deploy.local.errors import UsageError
from tests.support.cli_stack import FakeStack, fake_stack

CASE_ID = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"
CODE = "RC-9VXX-EYD7"
EXCEPTION = "c462fbb0-376a-50fa-bc14-342a1f8cda66"
PROMISE = "5174eba7-ffdb-5411-a526-0b0bf66e7fb3"
DECISION = f"/cases/{CASE_ID}/exceptions/{EXCEPTION}/decision"
OUTCOME = {"stream_id": CASE_ID, "events": [{"type": "approvals.exception_approved.v1"}]}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    in_a_case(made, approvals=["requested"], promises=["made"])
    made.answer("approvals", "POST", DECISION, OUTCOME)
    return made


def in_a_case(stack: FakeStack, approvals: list[str], promises: list[str]) -> None:
    case: dict[str, Any] = {
        "case_id": CASE_ID,
        "approvals": [{"exception_id": EXCEPTION, "state": state} for state in approvals],
        "promise_list": [{"promise_id": PROMISE, "state": state} for state in promises],
    }
    stack.answer("casebook", "GET", f"/cases/{CODE}", case)
    listed = [{"exception_id": EXCEPTION, "case_id": CASE_ID, "state": state} for state in approvals]
    stack.answer("casebook", "GET", "/approvals", {"items": listed, "next": None})


@pytest.mark.parametrize("named", [CODE, EXCEPTION, EXCEPTION.upper()])
def test_an_exception_is_named_by_its_id_or_by_a_case_with_one_open(stack: FakeStack, named: str) -> None:
    result = stack.run("decide", named, "approve", "--as", "sue", "--note", "loyal", "--condition", "once")
    assert "recorded approvals.exception_approved.v1" in result.stdout
    service, user, request = stack.asked[-1]
    assert (service, user, request.url.path) == ("approvals", "sue", DECISION)
    assert stack.body() == {"decision": "approve", "note": "loyal", "conditions": ["once"]}
    assert UUID(request.headers["Idempotency-Key"])


def test_each_command_has_an_id_of_its_own(stack: FakeStack) -> None:
    for _ in range(2):
        stack.run("decide", EXCEPTION, "reject", "--as", "sue", "--note", "no")
    keys = [request.headers["Idempotency-Key"] for _, _, request in stack.asked if request.method == "POST"]
    assert len(set(keys)) == 2


@pytest.mark.parametrize(("states", "count"), [([], 0), (["approved"], 0), (["requested", "requested"], 2)])
def test_a_case_that_does_not_say_which_exception_is_not_guessed_at(
    stack: FakeStack, states: list[str], count: int
) -> None:
    in_a_case(stack, approvals=states, promises=[])
    result = stack.run("decide", CODE, "approve", "--as", "sue", "--note", "x")
    assert f"has {count} open approvals" in str(result.exception)
    assert not [request for _, _, request in stack.asked if request.method == "POST"]


def test_an_unknown_id_says_where_to_look(stack: FakeStack) -> None:
    result = stack.run("decide", CASE_ID, "approve", "--as", "sue", "--note", "x")
    assert "See `recourse approvals`" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["counter"], "--offer is missing"),
        (["reject", "--offer", "x"], "--offer means nothing with reject"),
        (["withdraw", "--on-behalf-of", "max"], "--on-behalf-of means nothing"),
        (["counter", "--offer", "x", "--condition", "y"], "--condition means nothing"),
        (["approve", "--amount", "fifty"], "--amount: 'fifty' is no amount"),
    ],
)
def test_options_that_do_not_fit_the_decision_are_named_and_nothing_is_sent(
    stack: FakeStack, arguments: list[str], problem: str
) -> None:
    result = stack.run("decide", EXCEPTION, *arguments, "--as", "sue", "--note", "n")
    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)
    assert not stack.asked


def test_nobody_decides_without_a_name(stack: FakeStack) -> None:
    assert stack.run("decide", EXCEPTION, "approve", "--note", "x").exit_code == 2
    assert not stack.asked


def test_a_refusal_is_told_with_its_reason(stack: FakeStack) -> None:
    refusal = {"title": "Refused", "detail": "ana proposed it", "fix": "reason code four_eyes; it is on record"}
    stack.answer("approvals", "POST", DECISION, httpx.Response(409, json=refusal))
    result = stack.run("decide", EXCEPTION, "approve", "--as", "ana", "--note", "x")
    assert str(result.exception) == "Refused: ana proposed it (reason code four_eyes; it is on record)"


@pytest.mark.parametrize(("text", "amount"), [("50 EUR", "50"), ("12.50usd", "12.50")])
def test_amounts_have_a_currency(text: str, amount: str) -> None:
    found = money(text)
    assert found is not None
    assert found["amount"] == amount
    with pytest.raises(UsageError):
        money(amount)


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (["keep", CODE, "--evidence", "booked"], "kept", {"evidence": "booked"}),
        (["release", CODE, "--reason", "asked"], "released", {"reason": "asked"}),
        (
            ["renegotiate", CODE, "--due", "2026-12-01", "--reason", "asked"],
            "renegotiated",
            {"due": "2026-12-01T00:00:00+00:00", "reason": "asked"},
        ),
    ],
)
def test_a_promise_is_kept_moved_or_released(
    stack: FakeStack, arguments: list[str], path: str, body: dict[str, str]
) -> None:
    stack.answer("followup", "POST", f"/cases/{CASE_ID}/promises/{PROMISE}/{path}", OUTCOME)
    assert stack.json("promise", *arguments, "--as", "ben") == OUTCOME
    assert stack.body() == body


def test_a_promise_names_what_backs_it(stack: FakeStack) -> None:
    stack.answer("followup", "POST", f"/cases/{CASE_ID}/promises", OUTCOME)
    stack.run("promise", "make", CODE, "a call", "--as", "ana", "--backing", "clause:shop/M-1")
    assert stack.body() == {"what": "a call", "backing": {"kind": "clause", "reference": "shop/M-1"}}
    result = stack.run("promise", "make", CODE, "a call", "--as", "ana", "--backing", "shop/M-1")
    assert "is no backing" in str(result.exception)


def test_the_newest_asking_message_is_corrected_and_the_newest_refusal_excepted(stack: FakeStack) -> None:
    assessments = [
        {"message_id": "m1", "request_id": "r1"},
        {"message_id": "m2", "request_id": "r2"},
        {"message_id": "m3", "request_id": None},
    ]
    stack.answer("triage", "GET", f"/cases/{CASE_ID}/assessments", assessments)
    stack.answer("triage", "POST", f"/cases/{CASE_ID}/assessments/m2/correction", OUTCOME)
    stack.answer("triage", "POST", f"/cases/{CASE_ID}/exceptions", OUTCOME)
    stack.run("correct", CODE, "--as", "ana", "--reason", "misread", "--kind", "buyers_remorse", "--amount", "5 EUR")
    assert stack.body() == {
        "reason": "misread",
        "kinds": ["buyers_remorse"],
        "amount": {"amount": "5", "currency": "EUR"},
    }
    requests = [{"request_id": "r1", "refused_by": {"clause": "R-2"}}, {"request_id": "r2", "refused_by": None}]
    stack.answer("triage", "GET", f"/cases/{CASE_ID}/requests", requests)
    stack.run("propose", CODE, "--as", "ana", "--deviation", "a refund", "--reason", "loyal")
    assert stack.body() == {"deviation": "a refund", "reason": "loyal", "request_id": "r1"}


def test_a_command_that_changes_nothing_says_so(stack: FakeStack) -> None:
    stack.answer("followup", "POST", f"/cases/{CASE_ID}/resolution", {"stream_id": CASE_ID, "events": []})
    assert "Nothing changed" in stack.run("resolve", CODE, "--as", "ana", "--how", "talked").stdout
