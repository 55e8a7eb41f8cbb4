"""`recourse promise evaluate`: how well promises are heard in what agents said, against turns labelled by hand."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.promise import group
from deploy.local.cli.triage_train import POLICIES
from deploy.local.errors import UsageError
from services.followup.adapters.policy_files import load_cadence
from services.followup.domain.policies.said_promises import find

SAID_AT = datetime(2026, 11, 23, 10, tzinfo=UTC)  # labels name words, not times

PathArgument = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Conversations as ingest reads them.")]
LabelsOption = Annotated[Path, typer.Option("--labels", metavar="FILE", help='Lines {"id", "turn", "promises"}.')]


def evaluate(files: PathArgument, labels: LabelsOption, as_json: JsonOption = False) -> None:
    """Compare what is heard with what a person marked, turn by turn.

    JSON: {"turns", "marked", "found", "right", "precision", "recall",
    "ms_a_turn", "wrong": [{"id", "turn", "found"}]}.
    """
    marked = {(line["id"], line["turn"]): line["promises"] for line in _lines(labels)}
    said = {
        (dialogue["id"], number): turn["text"]
        for file in files
        for dialogue in _lines(file)
        for number, turn in enumerate(dialogue["turns"])
        if (dialogue["id"], number) in marked
    }
    if not said:
        raise UsageError("--labels: none of the labelled turns is in these files", "Name the files that were labelled.")
    result = _compared(said, marked)
    open_context(None, as_json).emit(result, lambda out: _show(out, result))


def _compared(said: dict[tuple[str, int], str], marked: dict[tuple[str, int], list[str]]) -> dict[str, Any]:
    rules = load_cadence(POLICIES)
    begun = time.perf_counter()
    heard = {
        key: [each.words for each in find(text, SAID_AT, rules.calendar, rules.ears)] for key, text in said.items()
    }
    took = time.perf_counter() - begun
    found = sum(map(len, heard.values()))
    wanted = sum(len(marked[key]) for key in said)
    right = sum(sum(min(heard[key].count(w), marked[key].count(w)) for w in set(marked[key])) for key in said)
    return {
        "turns": len(said),
        "marked": wanted,
        "found": found,
        "right": right,
        "precision": right / found if found else None,
        "recall": right / wanted if wanted else None,
        "ms_a_turn": took / len(said) * 1000,
        "wrong": [
            {"id": key[0], "turn": key[1], "found": words}
            for key, words in heard.items()
            if sorted(words) != sorted(marked[key])
        ],
    }


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "Name a file that exists.") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}", "Every line is one JSON object.") from error


def _show(out: Console, result: dict[str, Any]) -> None:
    out.print(f"{result['turns']} turns, {result['marked']} promises marked, {result['found']} found")
    for name in ("precision", "recall"):
        share = result[name]
        out.print(f"{name:10} {'none' if share is None else f'{share:.1%}'}")
    out.print(f"{result['ms_a_turn']:.3f} ms a turn")


def add_to(_app: typer.Typer) -> None:
    """Register the verb in the group of promises."""
    group.command()(evaluate)
