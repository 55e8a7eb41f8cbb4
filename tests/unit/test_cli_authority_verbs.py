"""The verbs around authority: the matrix checked and explained without a stack; delegations, precedents and reports."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from deploy.local.cli.main import app
from tests.support.authority import WIDE
from tests.support.cli_stack import FakeStack, fake_stack

CASE_ID = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"
CODE = "RC-9VXX-EYD7"
EXCEPTION = "c462fbb0-376a-50fa-bc14-342a1f8cda66"
MESSAGE = "5174eba7-ffdb-5411-a526-0b0bf66e7fb3"
PATH = f"/cases/{CASE_ID}/exceptions/{EXCEPTION}"
OUTCOME = {"stream_id": CASE_ID, "events": [{"type": "approvals.delegation_given.v1"}]}
DELEGATION = {
    "delegation_id": MESSAGE,
    "principal": "sue",
    "delegate": "ben",
    "role": "supervisor",
    "kinds": ["*"],
    "clauses": ["shop/R-2"],
    "cap": {"amount": "50", "currency": "USD"},
    "first_day": "2026-12-01",
    "last_day": "2026-12-14",
    "reason": "on leave",
    "ended_at": None,
    "in_force": True,
}
PRECEDENT = {
    "outcome": "rejected",
    "decided_at": "2026-11-20T10:00:00Z",
    "decided_by": ["max"],
    "role": "manager",
    "deviation": "full refund",
    "note": "the period is over",
    "similarity": 0.914,
    "alike_in": ["the same clause shop/R-2"],
    "amount": {"amount": "90", "currency": "USD"},
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    waits(made, "requested")
    return made


def waits(stack: FakeStack, state: str) -> None:
    """Let the case hold one exception in a state."""
    case: dict[str, Any] = {"case_id": CASE_ID, "approvals": [{"exception_id": EXCEPTION, "state": state}]}
    stack.answer("casebook", "GET", f"/cases/{CODE}", case)


def run(*arguments: str) -> Any:
    """Run a verb that needs no stack."""
    return CliRunner().invoke(app, [*arguments])


def test_the_matrix_that_ships_is_in_order() -> None:
    result = run("authority", "check")
    assert result.exit_code == 0
    assert "no findings" in result.stdout


def test_a_matrix_with_dead_references_is_found_out(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    file.write_text(yaml.safe_dump(WIDE))
    result = run("authority", "check", str(file))
    assert result.exit_code == 1
    assert "at_least.0.clauses: there is no clause shop/final" in " ".join(result.stdout.split())


def test_it_is_explained_who_decides_on_what() -> None:
    told = run("authority", "explain", "--kind", "buyers_remorse", "--clause", "shop/R-2", "--amount", "120 EUR")
    shown = " ".join(told.stdout.split())
    assert "supervisor is the lowest role for 120 EUR" in shown
    assert "Not decided by anybody: it expires, and the policy stands." in shown
    dear = run("authority", "explain", "--kind", "other", "--amount", "9000 EUR").stdout
    assert "Agreement: 2 voices" in dear
    assert "manager (level 2) may decide" in dear


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["authority", "explain", "--kind", "other", "--amount", "much"], "--amount: 'much' is no amount"),
        (["authority", "explain", "--kind", "other", "--clause", "shop/none"], "there is no clause shop/none"),
        (["authority", "check", "/no/such/file"], "cannot be read"),
        (["authority", "consistency", "--since", "yesterday"], "--since: 'yesterday' is no day"),
        (["exception", "answer", CODE, "maybe", "--as", "ana", "--message", MESSAGE], "ANSWER: 'maybe' is no answer"),
    ],
)
def test_what_cannot_be_read_is_one_line(stack: FakeStack, arguments: list[str], said: str) -> None:
    result = run(*arguments) if arguments[1] in ("explain", "check") else stack.run(*arguments)
    assert said in str(result.exception)


def test_a_delegation_is_given_with_its_limits(stack: FakeStack) -> None:
    stack.answer("approvals", "POST", "/delegations", OUTCOME)
    days = ("--from", "2026-12-01", "--until", "2026-12-14", "--reason", "on leave")
    scope = ("--clause", "shop/R-2", "--amount", "50 usd")
    result = stack.run("delegate", "give", "ben", "--as", "sue", "--role", "supervisor", *days, *scope)
    assert f"delegation {CASE_ID}" in result.stdout
    assert stack.asked[-1][:2] == ("approvals", "sue")
    assert stack.body() == {
        "delegate": "ben",
        "role": "supervisor",
        "clauses": ["shop/R-2"],
        "cap": {"amount": "50", "currency": "USD"},
        "first_day": "2026-12-01",
        "last_day": "2026-12-14",
        "reason": "on leave",
    }


def test_delegations_are_listed_and_ended(stack: FakeStack) -> None:
    stack.answer("approvals", "GET", "/delegations", [DELEGATION, DELEGATION | {"in_force": False}])
    shown = stack.run("delegate", "list", "--as", "ben").stdout
    assert "ben for sue as supervisor" in " ".join(shown.split())
    assert "up to 50 USD" in " ".join(shown.split())
    assert "not in force" in shown
    stack.answer("approvals", "GET", "/delegations", [])
    assert "No delegations." in stack.run("delegate", "list").stdout
    stack.answer("approvals", "POST", f"/delegations/{MESSAGE}/end", OUTCOME)
    stack.run("delegate", "end", MESSAGE, "--as", "sue", "--reason", "back")
    assert stack.body() == {"reason": "back"}


def test_precedents_are_opened_in_the_deciders_name(stack: FakeStack) -> None:
    answer = {"exception_id": EXCEPTION, "shown_to": "sue", "precedents": [PRECEDENT]}
    stack.answer("approvals", "POST", f"{PATH}/precedents", answer)
    shown = " ".join(stack.run("exception", "precedents", CODE, "--as", "sue").stdout.split())
    assert "91 % alike rejected 90 USD 2026-11-20 10:00 by max (manager)" in shown
    assert "On record: sue was shown these." in shown
    stack.answer("approvals", "POST", f"{PATH}/precedents", answer | {"precedents": []})
    assert "Nothing like it has been decided." in stack.run("exception", "precedents", CODE, "--as", "sue").stdout


@pytest.mark.parametrize(
    ("state", "arguments", "path", "body"),
    [
        ("requested", ["supersede", "--reason", "less", "--amount", "80 USD"], "supersede",
         {"reason": "less", "amount": {"amount": "80", "currency": "USD"}}),
        ("countered", ["answer", "accepted", "--message", MESSAGE], "counter-answer",
         {"accepted": True, "message_id": MESSAGE}),
        ("countered", ["answer", "declined", "--message", MESSAGE], "counter-answer",
         {"accepted": False, "message_id": MESSAGE}),
        ("approved", ["used", "--evidence", "refund 2231"], "use", {"evidence": "refund 2231"}),
    ],
)  # fmt: skip
def test_what_follows_a_decision_is_told(
    stack: FakeStack, state: str, arguments: list[str], path: str, body: dict[str, Any]
) -> None:
    waits(stack, state)
    stack.answer("approvals", "POST", f"{PATH}/{path}", OUTCOME)
    verb, *rest = arguments
    stack.run("exception", verb, CODE, *rest, "--as", "ana")
    assert stack.asked[-1][1] == "ana"
    assert stack.body() == body


def test_the_inbox_says_in_whose_name_one_decides(stack: FakeStack) -> None:
    requested = {
        "deviation": "full refund",
        "kind": "buyers_remorse",
        "clause": {"policy": "shop", "clause": "R-2"},
        "amount": {"amount": "40", "currency": "USD"},
    }
    item = {
        "exception_id": EXCEPTION,
        "deadline": "2026-11-24T16:00:00Z",
        "in_own_name": False,
        "on_behalf_of": ["sue"],
        "may_approve": False,
        "requested": requested,
    }
    stack.answer("approvals", "GET", "/inbox", [item])
    shown = " ".join(stack.run("approvals", "--mine", "--as", "ben").stdout.split())
    assert "decide as on behalf of sue; it is above your limit" in shown
    assert "(buyers remorse, 40 USD), from shop/R-2" in shown
    stack.answer("approvals", "GET", "/inbox", [])
    assert "Nothing waits for you." in stack.run("approvals", "--mine", "--as", "ben").stdout


def test_like_cases_decided_differently_are_listed(stack: FakeStack) -> None:
    decision = {
        "decided_at": "2026-11-20T10:00:00Z",
        "outcome": "approved",
        "decided_by": ["sue"],
        "amount": None,
        "note": "fair",
    }
    group = {
        "clause": "shop/R-2",
        "kind": "buyers_remorse",
        "role": "supervisor",
        "alike": 0.97,
        "outcomes": {"approved": 1, "rejected": 1},
        "differs_in": {"outcome": ["approved", "rejected"], "tone": ["calm", "angry"]},
        "decisions": [decision, decision | {"outcome": "rejected"}],
    }
    report = {"since": "2026-09-01T00:00:00Z", "compared": 12, "truncated": False, "groups": [group]}
    stack.answer("approvals", "GET", "/reports/consistency", report)
    shown = " ".join(stack.run("authority", "consistency", "--since", "2026-09-01").stdout.split())
    assert "shop/R-2, buyers remorse, by supervisor: 1 approved, 1 rejected; 97 % alike" in shown
    assert "tone: calm, angry" in shown
    assert "1 groups of like cases decided differently, of 12 decisions." in shown
    assert stack.asked[-1][2].url.params["since"] == "2026-09-01T00:00:00+00:00"
    assert stack.json("authority", "consistency")["groups"] == [group]
