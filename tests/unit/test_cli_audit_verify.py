"""`recourse audit verify`: what it is told wrongly, and how it tells what was found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.local.audit.findings import Finding, Findings
from deploy.local.audit.run import AuditOrder, Report, Scope
from deploy.local.audit.signed import Judged
from deploy.local.cli import audit_verify
from deploy.local.errors import UsageError
from shared.eventstore.notes import NoteError
from tests.support.cli_stack import FakeStack, fake_stack

CASE = UUID("0190a000-0000-7000-8000-000000000001")
WRONG = Finding("header_altered", "actor is eve in the log and sue on the topic", "intake", 3, 7, UUID(int=5), CASE)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    return fake_stack(tmp_path, monkeypatch)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[AuditOrder]:
    """What was ordered; what is found stands in `found`."""
    asked: list[AuditOrder] = []

    def verified(_context: object, order: AuditOrder) -> Report:
        asked.append(order)
        return Report(Findings(), 100, 100, 0, Judged({}, 12, 3), 0.5)

    monkeypatch.setattr(audit_verify, "_verified", verified)
    monkeypatch.setattr(audit_verify, "_models", lambda *_: [])
    return asked


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--log", "nowhere"), "--log"),
        (("--part", "8"), "--part"),
        (("--part", "-1"), "--part"),
        (("--from", "3"), "--from"),
        (("--log", "intake", "--part", "1", "--from", "0"), "--from"),
        (("--log", "intake", "--part", "1", "--from", "5", "--to", "4"), "--to"),
        (("--case", str(CASE), "--log", "intake"), "--case"),
        (("--keys", "no/such/file"), "--keys"),
    ],
)
def test_what_is_told_wrongly_is_named_with_a_fix(
    stack: FakeStack, orders: list[AuditOrder], words: tuple[str, ...], field: str
) -> None:
    result = stack.run("audit", "verify", *words)
    assert isinstance(result.exception, UsageError)
    assert result.exception.problem.startswith(field)
    assert result.exception.fix
    assert orders == []


def test_a_file_of_keys_that_holds_none_is_refused(stack: FakeStack, orders: list[AuditOrder], tmp_path: Path) -> None:
    (file := tmp_path / "keys").write_text("not a key\n")
    assert isinstance(stack.run("audit", "verify", "--keys", str(file)).exception, NoteError)


def test_all_is_verified_unless_less_is_asked_for(stack: FakeStack, orders: list[AuditOrder]) -> None:
    stack.run("audit", "verify")
    stack.run("audit", "verify", "--log", "intake", "--part", "2", "--from", "5", "--to", "9", "--no-kafka")
    stack.run("audit", "verify", "--case", str(CASE))
    assert [order.scope for order in orders] == [Scope(), Scope("intake", 2, 5, 9), Scope(part=orders[2].scope.part)]
    assert [order.kafka is None for order in orders] == [False, True, False]


def test_a_record_that_holds_ends_with_0(stack: FakeStack, orders: list[AuditOrder]) -> None:
    result = stack.run("audit", "verify")
    assert result.exit_code == 0
    assert "Everything holds." in result.stdout
    told = stack.json("audit", "verify")
    assert (told["holds"], told["first"], told["events_per_second"], told["cosigned"]) == (True, None, 200, 3)


def test_the_first_that_is_wrong_is_named_with_its_place_and_how_many_more(
    stack: FakeStack, orders: list[AuditOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = WRONG._replace(position=9, name="body_altered", what="the body is not the one that was recorded")
    beside = Finding("signature_wrong", "a statement about keys does not hold")

    def verified(_context: object, _order: AuditOrder) -> Report:
        findings = Findings()
        for one in (beside, later, WRONG):
            findings.add(one)
        findings.note("something could not be judged", 4)
        return Report(findings, 100, 100, 0, Judged(), 0.5)

    monkeypatch.setattr(audit_verify, "_verified", verified)
    result = stack.run("audit", "verify")
    assert result.exit_code == 1
    plain = " ".join(result.stdout.split())
    assert "3 things are wrong. The first: header_altered intake, partition 3, position 7" in plain
    assert "something could not be judged (4)" in plain
    told: Mapping[str, Any] = stack.json("audit", "verify")
    assert told["first"]["name"] == "header_altered"
    assert (told["first"]["case_id"], told["first"]["position"]) == (str(CASE), 7)
    assert [one["name"] for one in told["findings"]] == ["header_altered", "body_altered", "signature_wrong"]
    assert told["counts"] == {"body_altered": 1, "header_altered": 1, "signature_wrong": 1}
    assert all(one["meaning"] for one in told["findings"])


def test_a_read_model_that_differs_is_a_finding_that_quotes_no_value(
    stack: FakeStack, orders: list[AuditOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    differs = Finding("model_differs", "case_list case_id 1: channel is one value in live and another by the events")
    monkeypatch.setattr(audit_verify, "_models", lambda *_: [differs])
    assert stack.run("audit", "verify").exit_code == 1
    assert stack.run("audit", "verify", "--no-models").exit_code == 0
    assert stack.run("audit", "verify", "--part", "1").exit_code == 0
