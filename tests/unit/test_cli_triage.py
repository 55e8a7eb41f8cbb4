"""`recourse triage`: figures that fit the terminal, honest about training data; a worse model is not published."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local.cli.main import app
from deploy.local.errors import UsageError
from deploy.local.learning.training import TRAINED_ON
from services.triage.adapters.model_file import CARD, ModelFile

run = CliRunner()
ASKS = ["please refund the {}", "i want my money for the {} back", "they still owe me for the {}"]
TELLS = ["where is the {}", "how big is the {}", "the {} is lovely thank you"]
THINGS = ["rug", "lamp", "table", "chair", "clock", "mirror", "shelf", "sofa", "vase", "desk"]


def labelled(path: Path, seed: int, count: int = 150) -> Path:
    chosen = random.Random(seed)
    lines = []
    for n in range(count):
        asks = n % 3 == 0
        text = chosen.choice(ASKS if asks else TELLS).format(chosen.choice(THINGS)) + f" number {n}"
        turns = [{"speaker": "customer", "text": text}]
        labels = {"intents": ["refund" if asks else "deny"], "slots": {}}
        lines.append(
            json.dumps(
                {"id": f"nlupp:made:{seed}:{n}", "channel": "chat", "language": "en", "turns": turns, "labels": labels}
            )
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def said(*arguments: str | Path) -> Any:
    return run.invoke(app, ["triage", *map(str, arguments)], env={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with labelled texts and a model that was trained on them."""
    path = tmp_path_factory.mktemp("triage")
    result = said("train", "--data", labelled(path / "one.jsonl", 1), "--out", path / "model")
    assert result.exit_code == 0, result.output
    return path


def test_figures_fit_80_columns_and_own_up_to_training_data(home: Path) -> None:
    result = said("evaluate", home / "one.jsonl", "--model", home / "model")
    assert result.exit_code == 0
    assert "150 labelled texts were in the model's training data" in " ".join(result.output.split())
    assert max(map(len, result.output.splitlines())) <= 80


def test_texts_that_the_model_never_saw_are_judged_without_a_warning(home: Path) -> None:
    other = labelled(home / "other.jsonl", 2)
    result = said("evaluate", other, "--model", home / "model", "--json")
    told = json.loads(result.stdout)
    assert told["trained_on"] == 0
    refund = told["figures"]["remedy:refund"]["nlupp"]
    assert (refund["texts"], refund["held"], refund["majority_f1"]) == (150, 50, 0.0)
    assert refund["f1"] > 0.9


def test_a_model_that_does_not_say_what_it_learnt_from_is_not_evaluated(home: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(home / "model", tmp_path / "model"))
    (model / TRAINED_ON).unlink()
    assert isinstance(said("evaluate", home / "one.jsonl", "--model", model).exception, UsageError)


def test_days_that_labels_resolve_are_counted(tmp_path: Path) -> None:
    entry = {
        "id": "nlupp:made:1",
        "channel": "chat",
        "language": "en",
        "turns": [
            {"speaker": "customer", "text": "Please move the appointment to tomorrow, that would be very kind of you"}
        ],
        "labels": {"intents": ["change"], "slots": {"date": {"value": {"day": 16, "month": 3, "year": 2022}}}},
    }
    (tmp_path / "one.jsonl").write_text(json.dumps(entry))
    told = json.loads(said("evaluate", tmp_path / "one.jsonl", "--rules-only", "--json").stdout)
    assert told["times"] == {"right": 1, "of": 1}
    assert told["languages"] == {"en": {"right": 1, "of": 1}}


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "nowhere"),
        ("train", "--data", "nowhere", "--out", "x"),
        ("retrain", "--data", "nowhere", "--out", "x", "--accept", " "),
    ],
)
def test_what_cannot_be_carried_out_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    result = said(*arguments)
    assert isinstance(result.exception, UsageError)
    assert result.exception.fix


def test_the_same_data_and_no_corrections_make_a_model_that_may_be_published(home: Path) -> None:
    events = home / "none.jsonl"
    events.write_text("")
    result = said(
        "retrain", "--data", home / "one.jsonl", "--events", events, "--model", home / "model", "--out", home / "same",
        "--publish", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["published"], report["objections"], report["corrections"]) == (True, [], 0)
    assert report["new"] == report["old"] == ModelFile.load(home / "model").version


def test_a_model_that_cannot_be_compared_is_published_only_with_a_reason(home: Path) -> None:
    events = home / "none.jsonl"
    events.write_text("")
    before = (home / "model" / CARD).read_bytes()
    command = (
        "retrain", "--data", labelled(home / "next.jsonl", 3), "--events", events, "--model", home / "model",
        "--out", home / "next", "--publish",
    )  # fmt: skip
    refused = said(*command)
    assert refused.exit_code == 1
    assert "Not published" in refused.output
    assert (home / "model" / CARD).read_bytes() == before
    accepted = said(*command, "--accept", "the old set was withdrawn", "--json")
    assert accepted.exit_code == 0, accepted.output
    assert json.loads(accepted.stdout)["accepted"] == "the old set was withdrawn"
    assert ModelFile.load(home / "model").version == ModelFile.load(home / "next").version
