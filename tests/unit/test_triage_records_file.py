"""Records of tasks files: found by any spelling of their names, in process and through the sample provider."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.local.cli import main
from deploy.local.facts.provider import counts, make_provider
from services.triage.adapters.facts_provider import FactsProvider
from services.triage.adapters.records_file import RecordsFile
from shared.kernel.errors import MalformedInput

ANA = {"name": {"first_name": "Ana", "last_name": "Diaz"}, "address": {"zip": "28001"}, "email": "Ana@example.com"}
FACTS = {
    "note": "made up",
    "users": {"ana_1": ANA},
    "orders": {"#W7": {"order_id": "#W7", "status": "pending"}},
    "reservations": {"Q69X3R": {"reservation_id": "Q69X3R"}},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tasks.jsonl"
    file.write_text(f"{json.dumps({'id': 't:1', 'facts': FACTS})}\n\n{json.dumps({'id': 't:2', 'facts': None})}\n")
    return file


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("order", "#W7"),
        ("order", "w7"),
        ("order", " W7 "),
        ("reservation", "q69x3r"),
        ("customer", "ana_1"),
        ("customer", "ana@EXAMPLE.com"),
        ("customer", "ana diaz 28001"),
    ],
)
async def test_a_record_is_found_by_any_spelling(path: Path, kind: str, wanted: str) -> None:
    found = await RecordsFile(path).lookup(kind, wanted)
    assert (found.found, found.source, found.age_seconds) == (True, "tasks.jsonl", 0)


@pytest.mark.parametrize(("kind", "wanted"), [("order", "W8"), ("orders", "W7"), ("customer", "Ana"), ("note", "note")])
async def test_what_is_not_there_is_not_found_and_not_unreachable(path: Path, kind: str, wanted: str) -> None:
    found = await RecordsFile(path).lookup(kind, wanted)
    assert (found.found, found.unreachable, dict(found.value)) == (False, False, {})


async def test_a_customer_record_carries_its_id(path: Path) -> None:
    assert RecordsFile(path).find("customer", "ana@example.com").value["user_id"] == "ana_1"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("{", ":1"),
        ('\n{"facts": []}', ":2"),
        ('{"facts": {"orders": []}}', ":1"),
        ('{"facts": {"users": {"a": 1}}}', ":1"),
    ],
)
def test_a_file_that_is_no_tasks_file_is_refused_by_its_line(tmp_path: Path, content: str, place: str) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(content)
    with pytest.raises(MalformedInput) as refused:
        RecordsFile(file)
    assert str(refused.value.field).endswith(place)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput, match="No such file"):
        RecordsFile(tmp_path / "none.jsonl")


async def test_the_sample_provider_serves_them_to_the_client(path: Path) -> None:
    transport = httpx.ASGITransport(app=make_provider(RecordsFile(path)))
    async with FactsProvider("http://facts.test", transport=transport, timeout_ms=5000) as provider:
        order = await provider.lookup("order", "#w7")
        assert (order.found, order.source, order.value["status"]) == (True, "provider", "pending")
        assert (await provider.lookup("customer", "Ana Diaz 28001")).value["email"] == "Ana@example.com"
        nobody = await provider.lookup("order", "W8")
        assert (nobody.found, nobody.source) == (False, "provider")


async def test_the_sample_provider_asks_for_its_token(path: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret")
    transport = httpx.ASGITransport(app=make_provider(RecordsFile(path), token="secret"))
    async with FactsProvider("http://facts.test", transport=transport, timeout_ms=5000, token_file=token) as provider:
        assert (await provider.lookup("order", "W7")).found
    async with FactsProvider("http://facts.test", transport=transport, timeout_ms=5000) as stranger:
        assert (await stranger.lookup("order", "W7")).unreachable


def test_a_record_of_several_names_counts_once(path: Path) -> None:
    assert counts(RecordsFile(path)) == {"customer": 1, "order": 1, "reservation": 1}


def test_the_command_looks_a_record_up_as_json(path: Path) -> None:
    ran = CliRunner().invoke(main.app, ["facts", "get", "order", "#w7", "--records", str(path), "--json"])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["value"] == {"order_id": "#W7", "status": "pending"}


def test_the_command_says_by_its_code_that_there_is_none(path: Path) -> None:
    assert CliRunner().invoke(main.app, ["facts", "get", "order", "W8", "--records", str(path)]).exit_code == 1


def test_the_command_wants_one_place_to_look() -> None:
    ran = CliRunner().invoke(main.app, ["facts", "get", "order", "W8"], env={"TRIAGE_FACTS_URL": ""})
    assert "Give one of --url and --records" in str(ran.exception)
