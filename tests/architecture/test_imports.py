"""Imports point one way, and the rules that say so would notice a bad one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tree import ROOT


def lint(folder: Path) -> tuple[int, str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_every_import_contract_is_kept() -> None:
    code, said = lint(ROOT)
    assert code == 0, said


@pytest.fixture
def copy_of_the_tree(tmp_path: Path) -> Path:
    for package in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("place", "bad_import", "contract"),
    [
        ("shared/kernel/decider.py", "services.intake", "shared knows no service"),
        ("services/approvals/api.py", "deploy.topics", "services know shared"),
        ("services/casebook/api/__init__.py", "services.triage", "Services meet only on the wire"),
        ("shared/contracts/event.py", "shared.messaging.codec", "Shared is stacked"),
        ("shared/utils.py", "uuid", "Shared is stacked"),
        ("services/triage/domain/decider.py", "services.triage.subscribers", "imports point inward"),
        ("services/triage/more.py", "uuid", "imports point inward"),
        ("services/casebook/domain.py", "uuid", "it decides nothing"),
        ("services/casebook/projections/counters.py", "services.casebook.queries", "it decides nothing"),
        ("services/followup/domain/decider.py", "random", "Rules are pure"),
        ("shared/kernel/worktime.py", "time", "Rules are pure"),
    ],
)
def test_a_bad_import_is_noticed(copy_of_the_tree: Path, place: str, bad_import: str, contract: str) -> None:
    with (copy_of_the_tree / place).open("a", encoding="utf-8") as source:
        source.write(f"\nimport {bad_import}\n")
    code, said = lint(copy_of_the_tree)
    assert code == 1, said
    assert any(contract in line and "BROKEN" in line for line in said.splitlines()), said
