"""The verbs that run the stack speak plainly: one line and a code for what is wrong, JSON on request."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.cli.main import VERBS, app
from deploy.local.home import Home, Running, State
from deploy.local.stack import PORTS, keep_ports
from shared.runtime.auth import TokenVerifier


def recourse(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.local.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    made.identity.prepare()
    return made


def test_status_of_a_home_where_nothing_runs_is_code_1_and_valid_json(home: Home) -> None:
    result = CliRunner().invoke(app, ["status", "--home", str(home.root), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["running"] is False


def test_down_of_a_home_where_nothing_runs_says_so(home: Home) -> None:
    result = CliRunner().invoke(app, ["down", "--home", str(home.root)])
    assert result.exit_code == 0
    assert "Nothing ran" in result.stdout


def test_token_prints_just_the_token(home: Home) -> None:
    result = CliRunner().invoke(app, ["token", "oli", "--home", str(home.root)])
    who = TokenVerifier.from_file(home.identity.public_key_file).identify(result.stdout.strip())
    assert (who.name, who.roles) == ("oli", ("ops",))


def test_an_unknown_user_is_one_line_and_code_2(home: Home) -> None:
    result = recourse("token", "zoe", "--home", str(home.root))
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "zoe" in result.stderr
    assert "ana" in result.stderr


def test_a_damaged_state_is_one_line_and_code_2(home: Home) -> None:
    (home.root / "state.json").write_text("{")
    result = recourse("status", "--home", str(home.root))
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "state.json" in result.stderr


def test_a_home_that_cannot_be_made_is_one_line_and_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = recourse("up", "--home", str(tmp_path / "file" / "home"))
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("recourse:")
    assert "Traceback" not in result.stderr


def test_doctor_gives_a_fix_with_every_finding_that_is_not_well(home: Home) -> None:
    result = CliRunner().invoke(app, ["doctor", "--home", str(home.root), "--json"])
    checks = json.loads(result.stdout)
    assert {check["name"] for check in checks} >= {"python", "memory", "disk", "home", "java", "kafka", "postgres"}
    assert all(check["fix"] for check in checks if check["verdict"] != "ok")
    assert result.exit_code == int(any(check["verdict"] == "failure" for check in checks))


def test_every_verb_explains_itself() -> None:
    assert all(verb.__doc__ for verbs in VERBS.values() for verb in verbs)
    listing = CliRunner().invoke(app, ["--help"]).stdout
    for verb in ("up", "down", "status", "doctor", "token"):
        assert f" {verb} " in listing
        assert "--home" in CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "120"}).stdout


def test_ports_are_kept_while_they_are_free() -> None:
    first = keep_ports({})
    assert set(first) == set(PORTS)
    assert len(set(first.values())) == len(PORTS)
    assert keep_ports(first) == first


def test_state_survives_a_round_trip(home: Home) -> None:
    state = State(ports={"kafka": 1}, supervisor=2, ready=True, children={"kafka": Running(3, 4.5, 15)})
    home.write(state)
    assert home.state() == state
    assert home.orphans() == {}
