"""Erasing, holding and exporting on the command line: nothing goes by mistake, and the archive can be read."""

import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.errors import UsageError
from deploy.local.identity import SERVICES
from tests.support.cli_stack import FakeStack, fake_stack

CASE_ID = "7e498cfa-dcf7-5891-83f9-4309f1179f0b"
CODE = "RC-9VXX-EYD7"
ADA = "c462fbb0-376a-50fa-bc14-342a1f8cda66"
HOLD, OTHER = "0190a000-0000-7000-8000-000000000091", "0190a000-0000-7000-8000-000000000092"
CONTENT, GONE = "a" * 64, "b" * 64
OUTCOME = {"stream_id": ADA, "events": [{"type": "intake.customer_erased.v1"}]}
AT = "2026-11-24T10:00:00+00:00"


def status(**more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "customer_id": ADA,
        "state": "none",
        "cases": 1,
        "obstacle": None,
        "holds": [],
        "duties": [],
        "ground": None,
        "requested_by": None,
        "asked_on": None,
        "approved_by": None,
    }
    return values | more


def held(hold_id: str = HOLD) -> dict[str, Any]:
    return {
        "hold_id": hold_id,
        "reason": "She claims damages.",
        "basis": "Letter of her lawyer",
        "placed_by": "pia",
        "until": "2029-11-20",
    }


def event(kind: str, **fact: Any) -> dict[str, Any]:
    return {
        "service": "intake",
        "type": f"intake.{kind}.v1",
        "recorded_at": AT,
        "received_at": None,
        "actor": "door",
        "via": "door:chat",
        "fact": fact,
    }


def known() -> dict[str, Any]:
    opened = json.loads(Path("tests/contract/samples/intake.case_opened.v1.json").read_text())
    received = json.loads(Path("tests/contract/samples/intake.message_received.v1.json").read_text())
    opened["tracking_code"], received["text"] = CODE, "It burst <b>& broke</b>."
    events = [event("case_opened", **opened), event("message_received", **received)]
    files = [
        {"content_id": CONTENT, "name": "../../evil name.txt", "media_type": "text/plain", "size": 5},
        {"content_id": GONE, "name": "gone.txt", "media_type": "text/plain", "size": 5},
    ]
    where = {"case_id": CASE_ID, "message_id": HOLD}
    return {
        "customer_id": ADA,
        "identities": [{"kind": "email", "address": "ada@example.com", "name": "Ada", "since": AT}],
        "events": [],
        "cases": [{"case_id": CASE_ID, "own": True, "events": events}],
        "contents": [{**where, **file} for file in files],
    }  # fmt: skip


def found(customer: str) -> httpx.Response:
    items = [{"customer_id": ADA}] if customer == "ada@example.com" else []
    return httpx.Response(200, json={"items": items, "next": None})


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    made.answer("casebook", "GET", f"/cases/{CODE}", {"case_id": CASE_ID, "customer_id": ADA})
    for service in SERVICES:
        made.answer(service, "GET", "/access-records", {"items": [], "next": None})
    read = {"access_id": HOLD, "read_at": AT, "reader": "ana", "roles": ["agent"], "route": "/cases/{case}"}
    made.answer("casebook", "GET", "/access-records", {"items": [read], "next": None})
    made.answer("casebook", "GET", "/cases", lambda asked: found(asked.url.params["customer"]))
    made.answer("intake", "GET", f"/customers/{ADA}/privacy", status(holds=[held()]))
    made.answer("intake", "GET", f"/customers/{ADA}/known", known())
    made.answer("intake", "GET", f"/customers/{ADA}/contents/{CONTENT}", httpx.Response(200, content=b"bytes"))
    made.answer("intake", "GET", f"/customers/{ADA}/contents/{GONE}", httpx.Response(410, json={}))
    made.answer("intake", "POST", f"/customers/{ADA}/erasure", OUTCOME)
    made.answer("intake", "POST", f"/customers/{ADA}/holds", OUTCOME)
    made.answer("intake", "POST", f"/customers/{ADA}/holds/{HOLD}/release", OUTCOME)
    return made


@pytest.mark.parametrize("name", [CODE, ADA, "ada@example.com"])
def test_a_customer_is_named_by_a_case_an_address_or_their_id(stack: FakeStack, name: str) -> None:
    assert stack.json("privacy", "erase", name, "--as", "pia", "--yes") == OUTCOME
    assert stack.asked[-1][2].url.path == f"/customers/{ADA}/erasure"
    assert stack.body() == {"ground": "asked"}


def test_nothing_is_erased_without_a_yes(stack: FakeStack) -> None:
    result = stack.run("privacy", "erase", CODE, "--as", "pia")
    assert isinstance(result.exception, UsageError)
    assert result.exception.problem.startswith("--yes")
    assert not any(request.method == "POST" for _, _, request in stack.asked)


def test_an_unknown_ground_or_customer_is_named(stack: FakeStack) -> None:
    for arguments, field in (
        (("erase", CODE, "--ground", "spite", "--yes"), "--ground"),
        (("status", "RC-X"), "CUSTOMER"),
    ):
        result = stack.run("privacy", *arguments, "--as", "pia")
        assert isinstance(result.exception, UsageError)
        assert result.exception.problem.startswith(field)  # fmt: skip


def test_a_refusal_is_told_with_its_day(stack: FakeStack) -> None:
    problem = {"title": "Refused", "detail": "complaint record (DISP 1.9.1R)", "fix": "possible from 2029-11-23"}
    stack.answer("intake", "POST", f"/customers/{ADA}/erasure", httpx.Response(409, json=problem))
    result = stack.run("privacy", "erase", CODE, "--as", "pia", "--yes")
    assert "possible from 2029-11-23" in str(result.exception)


def test_one_hold_is_released_without_its_id(stack: FakeStack) -> None:
    stack.json("privacy", "release", CODE, "--as", "max", "--why", "Settled.")
    assert stack.asked[-1][2].url.path.endswith(f"{HOLD}/release")


def test_of_two_holds_one_must_be_named(stack: FakeStack) -> None:
    stack.answer("intake", "GET", f"/customers/{ADA}/privacy", status(holds=[held(), held(OTHER)]))
    result = stack.run("privacy", "release", CODE, "--as", "max", "--why", "Settled.")
    assert isinstance(result.exception, UsageError)
    assert OTHER in result.exception.problem


def test_a_status_names_law_and_day(stack: FakeStack) -> None:
    duty = {
        "case_id": CASE_ID,
        "schedule": "uk_complaint_record",
        "jurisdiction": "United Kingdom",
        "category": "complaint record",
        "law": "DISP 1.9.1R",
        "until": "2029-11-23",
    }
    against = {"reason_code": "retention_duty", "reason": "kept", "law": "DISP 1.9.1R", "possible_on": "2029-11-23"}
    stack.answer("intake", "GET", f"/customers/{ADA}/privacy", status(duties=[duty], obstacle=against))
    told = stack.run("privacy", "status", CODE).stdout
    assert "DISP 1.9.1R" in told
    assert "Possible from 2029-11-23" in told


def test_what_is_due_is_listed_with_why(stack: FakeStack) -> None:
    stack.answer("intake", "GET", "/privacy/due", [{"customer_id": ADA, "why": "requested", "since": AT}])
    told = " ".join(stack.run("privacy", "due").stdout.split())
    assert told == f"{ADA} a request waits for the data-protection officer (2026-11-24)"


def test_an_archive_holds_pages_data_and_files(stack: FakeStack, tmp_path: Path) -> None:
    target = tmp_path / "ada.zip"
    told = stack.json("privacy", "export", CODE, "--as", "pia", "-o", str(target))
    assert (told["cases"], told["events"], told["files"]) == (1, 2, 2)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as packed:
        names = packed.namelist()
        assert names == [
            "cases/7e498cfa-dcf7-5891-83f9-4309f1179f0b.html",
            "data.json",
            "files/001 evil name.txt",
            "index.html",
        ]
        assert packed.read("files/001 evil name.txt") == b"bytes"
        page = packed.read(names[0]).decode()
        assert "It burst &lt;b&gt;&amp; broke&lt;/b&gt;." in page
        assert CODE in page
        assert "2026-11-24T10:00:00 ana: casebook /cases/{case}" in page
        assert "erased" in page
        index = packed.read("index.html").decode()
        assert "ada@example.com (Ada)" in index
        assert json.loads(packed.read("data.json"))["cases"][0]["case_id"] == CASE_ID  # fmt: skip


def test_an_archive_never_replaces_a_file(stack: FakeStack, tmp_path: Path) -> None:
    target = tmp_path / "ada.zip"
    target.write_text("something else")
    result = stack.run("privacy", "export", CODE, "--as", "pia", "-o", str(target))
    assert isinstance(result.exception, UsageError)
    assert target.read_text() == "something else"
