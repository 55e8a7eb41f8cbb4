"""The verbs for those who run the system: dead letters over all services, and the mails that left."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.identity import SERVICES
from tests.support.cli_stack import FakeStack, fake_stack

LETTER = "0199a3b1-7c00-7000-8000-000000000001"
STREAM = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    for service in SERVICES:
        made.answer(service, "GET", "/dead-letters", [])
    return made


def letter(letter_id: str = LETTER, parked_at: str = "2026-11-24T09:00:00Z") -> dict[str, Any]:
    return {
        "dead_letter_id": letter_id,
        "consumer": "followup",
        "source": "triage",
        "log_part": 3,
        "position": 7,
        "stream_id": STREAM,
        "type": "triage.request_assessed.v1",
        "error": "KeyError: 'x'",
        "attempts": 3,
        "state": "parked",
        "parked_at": parked_at,
    }


def test_dead_letters_of_all_services_are_one_list_in_order_of_time(stack: FakeStack) -> None:
    stack.answer("followup", "GET", "/dead-letters", [letter(parked_at="2026-11-24T09:00:02Z")])
    stack.answer("casebook", "GET", "/dead-letters", [letter(parked_at="2026-11-24T09:00:01Z")])
    assert [one["service"] for one in stack.json("dead-letters", "list")] == ["casebook", "followup"]
    assert "KeyError: 'x'" in stack.run("dead-letters", "list").stdout


def test_a_retry_that_fails_again_has_exit_code_1(stack: FakeStack) -> None:
    stack.answer("followup", "GET", f"/dead-letters/{LETTER}", letter())
    stack.answer("followup", "POST", f"/dead-letters/{LETTER}/retry", {"retried": 0})
    stack.answer("followup", "GET", "/dead-letters", [letter()])
    result = stack.run("dead-letters", "retry", LETTER, "--reason", "mended")
    assert result.exit_code == 1
    assert "0 handled, 1 of this case still parked." in result.stdout
    stack.answer("followup", "GET", "/dead-letters", [])
    stack.answer("followup", "POST", f"/dead-letters/{LETTER}/retry", {"retried": 1})
    assert stack.json("dead-letters", "retry", LETTER, "--reason", "mended") == {"retried": 1, "parked": 0}


def test_a_letter_that_no_service_has_is_told(stack: FakeStack) -> None:
    assert "No service has" in str(stack.run("dead-letters", "show", LETTER).exception)
    assert "is no id" in str(stack.run("dead-letters", "discard", "7", "--reason", "x").exception)


def test_a_service_that_refuses_is_not_taken_for_one_that_lacks_the_letter(stack: FakeStack) -> None:
    refusal = httpx.Response(403, json={"title": "Not allowed", "detail": "ana has the roles agent"})
    stack.answer("intake", "GET", f"/dead-letters/{LETTER}", refusal)
    assert "Not allowed" in str(stack.run("dead-letters", "show", LETTER, "--as", "ana").exception)


def mail(stack: FakeStack, name: str, to: str, subject: str, body: str = "Hello\r\n") -> None:
    mailbox = stack.root / "mailbox"
    mailbox.mkdir(exist_ok=True)
    head = f"Return-Path: <care@x.example>\r\nDelivered-To: {to}\r\nFrom: care@x.example\r\nSubject: {subject}\r\n"
    (mailbox / f"{name}.eml").write_bytes((head + "\r\n" + body).encode())


def test_mails_are_listed_newest_first_and_by_address(stack: FakeStack) -> None:
    mail(stack, "100", "kim@example.org", "one")
    mail(stack, "200", "Lee@example.org", "two")
    assert [one["mail"] for one in stack.json("mails", "list")] == ["200", "100"]
    assert [one["subject"] for one in stack.json("mails", "list", "--to", "lee@EXAMPLE.org")] == ["two"]


def test_a_mail_is_shown_by_the_beginning_of_its_number(stack: FakeStack) -> None:
    mail(stack, "100", "kim@example.org", "one", "Dear \x1b[31mKim\r\n")
    mail(stack, "101", "kim@example.org", "two")
    shown = stack.run("mails", "show", "100").stdout
    assert "Subject: one" in shown
    assert "\x1b" not in shown
    assert "2 mails begin with 10" in str(stack.run("mails", "show", "10").exception)
    assert "There is no mail ../../x" in str(stack.run("mails", "show", "../../x").exception)
    raw = stack.run("mails", "show", "101", "--raw").stdout_bytes
    assert raw == (stack.root / "mailbox" / "101.eml").read_bytes()
