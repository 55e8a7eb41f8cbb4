"""Measures, needs and disputes on the command line: what is meant is never guessed, and bad input names the field."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local.errors import UsageError
from tests.support.cli_stack import FakeStack, fake_stack

CASE_ID = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"
CODE = "RC-9VXX-EYD7"
ADA, KIM = "c462fbb0-376a-50fa-bc14-342a1f8cda66", "5174eba7-ffdb-5411-a526-0b0bf66e7fb3"
MEASURE, OTHER = "0190a000-0000-7000-8000-000000000091", "0190a000-0000-7000-8000-000000000092"
NEED = "0190a000-0000-7000-8000-000000000093"
MESSAGE = "0190a000-0000-7000-8000-000000000010"
OUTCOME = {"stream_id": ADA, "events": [{"type": "intake.conduct_measure_taken.v1"}]}


def measure(measure_id: str = MEASURE, **more: Any) -> dict[str, Any]:
    values = {
        "customer_id": ADA,
        "measure_id": measure_id,
        "case_id": CASE_ID,
        "measure": "named_contact",
        "category": "persistence",
        "reason": "Nine letters.",
        "state": "in_force",
        "taken_by": "max",
        "role": "manager",
        "review_on": "2027-05-24",
        "review_due": True,
        "appealed": False,
    }
    return values | more


def in_a_case(stack: FakeStack, *measures: dict[str, Any], needs: int = 1) -> None:
    need = {
        "need_id": NEED,
        "driver": "life_events",
        "support": "Call in the evening.",
        "source": "observed",
        "consent": False,
        "noted_by": "ana",
        "review_on": "2027-05-24",
    }
    case = {"case_id": CASE_ID, "customer_id": ADA, "conduct": list(measures), "vulnerabilities": [need] * needs}
    stack.answer("casebook", "GET", f"/cases/{CODE}", case)
    stack.answer("casebook", "GET", "/conduct-measures", {"items": [measure(OTHER)], "next": None})


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    in_a_case(made, measure(), measure(OTHER, state="lifted"))
    events = [
        {"type": "intake.case_opened.v1", "about_id": ADA},
        {"type": "intake.message_received.v1", "about_id": MESSAGE},
    ]
    made.answer("casebook", "GET", f"/cases/{CASE_ID}/timeline", {"items": events, "next": None})
    made.answer("intake", "POST", f"/cases/{CASE_ID}/conduct-measures", OUTCOME)
    for measure_id in (MEASURE, OTHER):
        for verb in ("appeal", "review", "lift"):
            made.answer("intake", "POST", f"/customers/{ADA}/conduct-measures/{measure_id}/{verb}", OUTCOME)
    made.answer("intake", "POST", f"/cases/{CASE_ID}/vulnerabilities", OUTCOME)
    made.answer("intake", "POST", f"/customers/{ADA}/vulnerabilities/{NEED}/remove", OUTCOME)
    for what in ("dispute", "dispute/parties"):
        made.answer("intake", "POST", f"/cases/{CASE_ID}/{what}", OUTCOME)
    made.answer("approvals", "POST", f"/cases/{CASE_ID}/dispute/decision", OUTCOME)
    return made


TAKE = ("conduct", "take", CODE, "warning", "--as", "sue", "--category", "demands", "--reason", "Nine letters.")
WHEN = ("--review-on", "2027-05-24")


def test_a_measure_is_taken_with_messages_by_number_or_id(stack: FakeStack) -> None:
    result = stack.run(*TAKE, "--evidence", "2", "--evidence", MESSAGE, *WHEN, "--adjustment", "a summary")
    assert "recorded intake.conduct_measure_taken.v1" in result.stdout, result.output
    assert stack.body() == {
        "measure": "warning",
        "category": "demands",
        "reason": "Nine letters.",
        "evidence": [MESSAGE, MESSAGE],
        "adjustments": ["a summary"],
        "review_on": "2027-05-24",
    }


@pytest.mark.parametrize("number", ["1", "3", "0"])
def test_a_number_that_is_no_message_is_named(stack: FakeStack, number: str) -> None:
    result = stack.run(*TAKE, "--evidence", number, *WHEN)
    assert isinstance(result.exception, UsageError)
    assert f"{number} is no message" in str(result.exception)
    assert not [request for _, _, request in stack.asked if request.method == "POST"]


def test_the_measure_in_force_is_the_one_that_is_meant(stack: FakeStack) -> None:
    stack.run("conduct", "review", CODE, "changed", "--as", "mia", "--why", "Calmer.", "--contact", "Ben", *WHEN)
    assert stack.asked[-1][2].url.path.endswith(f"/conduct-measures/{MEASURE}/review")
    assert stack.body() == {"outcome": "changed", "why": "Calmer.", "review_on": "2027-05-24", "contact": "Ben"}
    stack.run("conduct", "lift", CODE, "--as", "mia", "--why", "Calmer.", "--measure", OTHER)
    assert stack.asked[-1][2].url.path.endswith(f"/conduct-measures/{OTHER}/lift")
    stack.run("conduct", "appeal", CODE, "--as", "ana", "--message", "2")
    assert (stack.asked[-1][2].url.path[-7:], stack.body()) == ("/appeal", {"message_id": MESSAGE})


@pytest.mark.parametrize("measures", [(), (measure(), measure(OTHER))])
def test_which_measure_is_not_guessed(stack: FakeStack, measures: tuple[dict[str, Any], ...]) -> None:
    in_a_case(stack, *measures)
    result = stack.run("conduct", "lift", CODE, "--as", "mia", "--why", "Calmer.")
    assert f"{len(measures)} measures are in force" in str(result.exception)


def test_measures_are_listed_with_what_waits(stack: FakeStack) -> None:
    shown = stack.run("conduct", "list", "--due").stdout
    assert dict(stack.asked[-1][2].url.params) == {"state": "in_force", "review_due": "true", "limit": "50"}
    assert "named contact for persistence, review on 2027-05-24" in shown
    assert "review due" in shown
    stack.answer("casebook", "GET", "/conduct-measures", {"items": [], "next": None})
    assert stack.run("conduct", "list", "--lifted").stdout == "No measures.\n"
    assert dict(stack.asked[-1][2].url.params) == {"state": "lifted", "limit": "50"}


def test_what_helps_is_noted_shown_and_removed(stack: FakeStack) -> None:
    note = ("vulnerability", "note", CODE, "health", "--as", "ana", "--support", "Large letters.", *WHEN)
    stack.run(*note, "--source", "said", "--consent")
    assert stack.body() == {
        "driver": "health",
        "support": "Large letters.",
        "source": "said_by_customer",
        "consent": True,
        "review_on": "2027-05-24",
    }
    assert "--source: 'heard' is no source" in str(stack.run(*note, "--source", "heard").exception)
    shown = stack.run("vulnerability", "show", CODE).stdout
    assert "life events  Call in the evening." in shown
    assert "observed, without consent, noted by ana" in shown
    stack.run("vulnerability", "remove", CODE, "--as", "ana", "--why", "Asked.")
    assert (stack.asked[-1][2].url.path[-7:], stack.body()) == ("/remove", {"why": "Asked."})
    in_a_case(stack, needs=0)
    assert stack.run("vulnerability", "show", CODE).stdout == "Nothing is noted.\n"
    assert "0 are noted" in str(stack.run("vulnerability", "remove", CODE, "--as", "ana", "--why", "x").exception)


def test_a_dispute_is_opened_joined_and_decided(stack: FakeStack) -> None:
    stack.run("dispute", "open", CODE, "--as", "ana", "--matter", "A bicycle.")
    assert stack.body() == {"matter": "A bicycle."}
    stack.run("dispute", "join", CODE, "--as", "ana", "--email", "kim@example.org", "--language", "de")
    assert stack.body() == {"email": "kim@example.org", "language": "de"}
    stack.run("dispute", "decide", CODE, "upheld", "--as", "max", "--reason", "Worn.", "--to-claimant", "40 EUR.")
    service, user, _ = stack.asked[-1]
    assert (service, user, stack.body()) == (
        "approvals",
        "max",
        {"outcome": "upheld", "reason": "Worn.", "to_claimant": "40 EUR."},
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("join", CODE, "--as", "ana"), "--customer or --email"),
        (("join", CODE, "--as", "ana", "--customer", KIM, "--email", "k@example.org"), "--customer or --email"),
        (("decide", CODE, "maybe", "--as", "max", "--reason", "x"), "'maybe' is no outcome"),
        (("show", CODE, "--party", "judge"), "'judge' is no side"),
    ],
)
def test_bad_input_names_the_field(stack: FakeStack, arguments: tuple[str, ...], problem: str) -> None:
    result = stack.run("dispute", *arguments)
    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_an_outcome_of_review_that_is_none_is_named(stack: FakeStack) -> None:
    result = stack.run("conduct", "review", CODE, "forgotten", "--as", "mia", "--why", "x")
    assert "OUTCOME: 'forgotten' is no outcome" in str(result.exception)


def test_a_dispute_is_shown_whole_or_as_one_side_sees_it(stack: FakeStack) -> None:
    party = {"channel": "chat", "language": "en", "statements": 1, "missed": False}
    dispute = {
        "case_id": CASE_ID,
        "matter": "A bicycle.",
        "opened_by": "ana",
        "involved": ["ana"],
        "parties": [
            party | {"customer_id": ADA, "side": "claimant", "state_by": None},
            party | {"customer_id": KIM, "side": "respondent", "state_by": "2026-11-30T17:00:00Z", "missed": True},
        ],
    }
    stack.answer("intake", "GET", f"/cases/{CASE_ID}/dispute", dispute)
    stack.answer("approvals", "GET", f"/cases/{CASE_ID}/dispute/decisions", [])
    shown = stack.run("dispute", "show", CODE).stdout
    assert "missed their time, to be heard until 2026-11-30 17:00" in " ".join(shown.split())
    assert "not decided yet" in shown
    decision = {"decided_by": "max", "authority": {"role": "manager"}, "outcome": "upheld", "reason": "Worn."}
    stack.answer("approvals", "GET", f"/cases/{CASE_ID}/dispute/decisions", [decision])
    assert "decided by max (manager): upheld" in stack.run("dispute", "show", CODE).stdout
    seen = [{"recorded_at": "2026-11-24T10:00:00Z", "what": "The customer wrote by chat: hello"}]
    stack.answer("casebook", "GET", f"/cases/{CASE_ID}/timeline", {"items": seen, "next": None})
    shown = stack.run("dispute", "show", CODE, "--party", "respondent").stdout
    assert stack.asked[-1][2].url.params["party"] == KIM
    assert shown == "2026-11-24 10:00  The customer wrote by chat: hello\n"
    dispute["parties"] = dispute["parties"][:1]
    result = stack.run("dispute", "show", CODE, "--party", "respondent")
    assert "no respondent has joined" in str(result.exception)


def test_disputes_that_wait_are_listed_with_what_they_wait_for(stack: FakeStack) -> None:
    one = {"tracking_code": CODE, "opened_by": "ana", "state_by": "2026-11-30T17:00:00Z", "respondent_id": KIM}
    waiting = [
        one | {"heard": True, "ready": True},
        one | {"heard": False, "ready": False},
        one | {"heard": False, "ready": False, "respondent_id": None},
    ]
    stack.answer("intake", "GET", "/disputes", waiting)
    shown = " ".join(stack.run("dispute", "list").stdout.split())
    assert "heard can be decided" in shown
    assert "can answer until 2026-11-30 17:00 waits" in shown
    assert "the other side is not named yet waits" in shown
    stack.answer("intake", "GET", "/disputes", [])
    assert stack.run("dispute", "list").stdout == "No disputes wait.\n"
