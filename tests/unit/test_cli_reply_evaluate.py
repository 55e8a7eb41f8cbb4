"""The reply check is measured on labelled turns, which stay where their data is."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local.cli.main import app
from deploy.local.cli.reply_evaluate import LABELS, read_labels
from deploy.local.errors import UsageError

TURNS = ["Hello.", "You should have read it.", "I am sorry, we cannot refund it, because it was worn."]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    turns = [{"speaker": "agent", "text": text} for text in TURNS]
    (tmp_path / "chats").mkdir()
    (tmp_path / "chats" / "some.jsonl").write_text(json.dumps({"id": "a", "turns": turns}) + "\n")
    return tmp_path


def label(turn: int, *rules: str, refuses: bool = False, **more: Any) -> str:
    return json.dumps({"id": "a", "turn": turn, "sample": "one", "refuses": refuses, "rules": rules, **more})


def run(data: Path, *labels: str, more: tuple[str, ...] = ("--json",)) -> Any:
    file = data / "labels.jsonl"
    file.write_text("\n".join(labels) + "\n")
    return CliRunner().invoke(app, ["reply", "evaluate", str(data / "chats"), "--labels", str(file), *more])


def test_what_both_say_what_one_says_and_what_none_says_is_counted(data: Path) -> None:
    result = run(data, label(0), label(1, "no_blame"), label(2, "appeal_told", "no_argument", refuses=True))
    figures = json.loads(result.stdout)["one"]
    assert figures["turns"] == 3
    rules = figures["rules"]
    assert rules["no_blame"] == {"labelled": 1, "found": 1, "agreed": 1, "precision": 1.0, "recall": 1.0}
    assert rules["refuses"]["agreed"] == 1
    assert rules["no_argument"] == {"labelled": 1, "found": 0, "agreed": 0, "precision": None, "recall": 0.0}
    assert rules["alternative_offered"] == {"labelled": 0, "found": 1, "agreed": 0, "precision": 0.0, "recall": None}


def test_the_figures_are_shown_as_a_table(data: Path) -> None:
    assert "no blame" in run(data, label(1, "no_blame"), more=()).stdout


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (label(7), "a turn 7"),
        (label(1, "no_fun"), "line 1"),
        (label(1, mood="x"), "line 1"),
        ("no json", "line 1"),
    ],
)
def test_labels_that_do_not_fit_are_named(data: Path, line: str, problem: str) -> None:
    result = run(data, line)
    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_files_that_are_not_there_are_named(data: Path) -> None:
    for arguments in ([str(data / "none.jsonl")], [str(data / "chats"), "--labels", str(data / "none.jsonl")]):
        result = CliRunner().invoke(app, ["reply", "evaluate", *arguments])
        assert "cannot be read" in str(result.exception)


def test_the_shipped_labels_can_be_read_and_are_of_a_hundred_turns() -> None:
    labels = read_labels(LABELS)
    assert len({(one.id, one.turn) for one in labels}) == len(labels) == 104
