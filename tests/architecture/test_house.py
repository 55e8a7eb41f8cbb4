"""The house has the rooms of docs/architecture.md and no others, and no room is too big."""

import tomllib
from pathlib import Path

import pytest

from tests.support.tree import DECIDING, ROOT, SERVICES, services_there, sources, tracked

LONGEST = 250
EVERY_DECIDING = {"__init__", "domain", "subscribers", "api", "settings", "migrations", "main", "adapters"}
ROOMS = {
    "intake": EVERY_DECIDING | {"channels"},
    "triage": EVERY_DECIDING,
    "approvals": EVERY_DECIDING,
    "followup": EVERY_DECIDING,
    "casebook": {"__init__", "projections", "queries", "subscribers", "tables", "settings", "migrations", "main"},
}
OPTIONAL = {service: {"tables"} for service in DECIDING}
OPTIONAL["casebook"] = {"api", "pages", "templates", "static", "exports"}
DOMAIN = {"__init__", "commands", "state", "decider", "reactions", "policies"}
SHARED = {
    "kernel": {"decider", "errors"},
    "contracts": {"event", "intake", "triage", "approvals", "followup", "upcasters", "schemas"},
    "eventstore": {"store"},
    "messaging": {"topics", "codec", "broker", "cursor", "dead_letters"},
    "runtime": {"shell", "relay", "ticker", "telemetry", "settings", "service", "auth"},
}


def rooms(folder: str) -> set[str]:
    return {path.stem for path in (ROOT / folder).iterdir() if path.name != "__pycache__"}


def test_there_are_five_services() -> None:
    assert set(services_there()) == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_rooms_and_no_others(service: str) -> None:
    found = rooms(f"services/{service}")
    assert ROOMS[service] - found == set(), "missing"
    assert found - ROOMS[service] - OPTIONAL[service] == set(), "not a room of this house"


@pytest.mark.parametrize("service", DECIDING)
def test_the_rules_of_a_service_have_their_rooms_and_no_others(service: str) -> None:
    found = rooms(f"services/{service}/domain")
    assert found >= DOMAIN
    assert found - DOMAIN - {"timers"} == set(), "rules belong into domain/policies/"


def test_shared_has_its_rooms_and_no_others() -> None:
    assert rooms("shared") - {"__init__"} == SHARED.keys()
    missing = {room: files - rooms(f"shared/{room}") for room, files in SHARED.items()}
    assert {room: files for room, files in missing.items() if files} == {}


def test_no_source_file_is_longer_than_250_lines() -> None:
    code = [path for path in sources("shared", "services", "deploy", "bench") if path in tracked()]
    lengths = {str(path): (ROOT / path).read_bytes().count(b"\n") for path in code}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_no_two_files_of_tests_share_a_name() -> None:
    names = [path.name for path in tracked() if path.name.startswith("test_") and path.suffix == ".py"]
    assert sorted(name for name in set(names) if names.count(name) > 1) == [], "pytest cannot tell them apart"


def test_nothing_is_called_utils_or_helpers() -> None:
    names = {"util", "utils", "utilities", "helper", "helpers", "common", "misc"}
    assert [str(path) for path in tracked() if {part.partition(".")[0] for part in path.parts} & names] == []


def test_every_package_and_module_says_what_it_is_for() -> None:
    silent = []
    for path in sources("shared", "services", "deploy"):
        first = (ROOT / path).read_text("utf-8").partition("\n")[0]
        if not first.startswith('"""'):
            silent.append(str(path))
    assert silent == []


def test_only_the_runtime_reads_the_clock_and_makes_ids() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    banned = ruff["flake8-tidy-imports"]["banned-api"]
    assert {"datetime.datetime.now", "datetime.datetime.utcnow", "uuid.uuid4", "uuid.uuid1"} <= banned.keys()
    assert "TID" in ruff["select"]
    excused = {place for place, rules in ruff["per-file-ignores"].items() if any(r.startswith("TID") for r in rules)}
    assert excused <= {"shared/runtime/**", "tests/**", "bench/**", "deploy/**"}
    code = [path for path in sources("shared", "services") if not path.is_relative_to(Path("shared/runtime"))]
    assert [str(path) for path in code if "TID251" in (ROOT / path).read_text("utf-8")] == []
