"""`recourse policy audit` says what is not allowed, by which clause, and what the labels hold of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.local.cli.main import app
from shared.kernel.errors import MalformedInput
from tests.support.policy_tasks import DATA

RUNS = DATA / "conversations" / "tau_bench_airline.jsonl"


def cli(*words: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, ["policy", "audit", *words])


def test_it_finds_records_time_and_edition_by_the_document_that_the_runs_name() -> None:
    """Nobody has to know which records and which policy belong to a file of runs."""
    result = cli(str(RUNS), "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["tally"]["runs"] == 136
    assert told["tally"]["flagged_right"] == 0
    assert {finding["clause"]["policy"] for finding in told["findings"]} == {"airline_first"}


def test_it_shows_counts_by_clause_and_by_label_within_80_columns() -> None:
    """The table is for a terminal; the sums are for a report."""
    result = cli(str(RUNS))
    assert "22 of 26 wrong acts flagged; 0 of 58 right acts flagged" in result.stdout
    assert (
        max(len(line) for line in result.stdout.splitlines() if line.startswith("taubench") and "act " not in line)
        <= 80
    )


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "runs.jsonl:1"),
        ('{"id": "x", "turns": [{"speaker": "customer", "text": "Hi."}], "labels": {}}', "labels.agent_actions"),
        ('{"id": "x", "turns": [], "labels": {"agent_actions": []}}', "turns"),
        ('{"id": "x", "turns": [{"speaker": "customer", "text": "Hi."}], "labels": {"agent_actions": []}}', "policy"),
    ],
)
def test_a_file_that_is_no_run_is_refused_by_line_and_field(tmp_path: Path, text: str, field: str) -> None:
    """The error names what to correct."""
    (tmp_path / "runs.jsonl").write_text(text + "\n")
    result = cli(str(tmp_path / "runs.jsonl"))
    assert isinstance(result.exception, MalformedInput)
    assert field in f"{result.exception.field}"


def test_a_run_without_a_time_needs_one(tmp_path: Path) -> None:
    """An audit never guesses when something was granted."""
    run = {"id": "x", "turns": [{"speaker": "customer", "text": "Hi."}], "labels": {"agent_actions": []}}
    (tmp_path / "runs.jsonl").write_text(json.dumps(run) + "\n")
    refused = cli(str(tmp_path / "runs.jsonl"), "--policy", "airline")
    assert isinstance(refused.exception, MalformedInput)
    assert refused.exception.field == "now"
    assert cli(str(tmp_path / "runs.jsonl"), "--policy", "airline", "--now", "2024-05-15T15:00:00-05:00").exit_code == 0
