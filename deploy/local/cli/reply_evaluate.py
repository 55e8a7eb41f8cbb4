"""`recourse reply evaluate`: how well the reply check agrees with people who labelled agents' replies."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.showing import DIM, grid, words
from deploy.local.environment import ROOT
from deploy.local.errors import UsageError
from services.triage.adapters.reply_check_files import load_checker
from services.triage.domain.policies.reply_check import Checker, Context, refuses
from services.triage.domain.policies.reply_check_rules import RuleName

LABELS = ROOT / "tests" / "labels" / "reply_refusals.jsonl"
REFUSES = "refuses"
UNLABELLED = {"promise_backed"}  # without a case nobody can tell what backs a promise


class Label(BaseModel):
    """What a person says of one turn of a conversation: whether it refuses, and which rules it breaks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    turn: int
    sample: str
    refuses: bool
    rules: tuple[RuleName, ...]


def evaluate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Conversations: a .jsonl file, or a directory of them.")],
    labels: Annotated[Path, typer.Option(metavar="FILE", help="What people said of agents' turns.")] = LABELS,
    as_json: JsonOption = False,
) -> None:
    """Compare the reply check with labelled turns: precision and recall by rule.

    JSON: {"<sample>": {"turns", "rules": {"<rule>": {"labelled", "found",
    "agreed", "precision", "recall"}}}}; `refuses` is whether a turn refuses.
    """
    wanted = read_labels(labels)
    texts = dict(_turns(path, {(one.id, one.turn) for one in wanted}))
    if missing := [f"{one.id} turn {one.turn}" for one in wanted if (one.id, one.turn) not in texts]:
        raise UsageError(f"PATH: {len(missing)} labelled turns are not there, such as {missing[0]}", "Name their data.")
    checker = load_checker(ROOT / "policies")
    samples = sorted({one.sample for one in wanted})
    result = {s: compared([one for one in wanted if one.sample == s], texts, checker) for s in samples}
    open_context(None, as_json).emit(result, lambda out: _show(out, result))


def read_labels(path: Path) -> list[Label]:
    """Read labels, one a line; UsageError naming the line that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--labels: {path} cannot be read: {error.strerror}", "Name a file of labels.") from error
    read: list[Label] = []
    for number, line in enumerate(lines, 1):
        try:
            read.append(TypeAdapter(Label).validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise UsageError(f"--labels: line {number}: {first['msg']}", "See tests/labels.") from error
    return read


def compared(labels: list[Label], texts: dict[tuple[str, int], str], checker: Checker) -> dict[str, Any]:
    """Count, by rule, what people labelled, what the check found, and where they agree."""
    labelled, found, agreed = Counter[str](), Counter[str](), Counter[str]()
    for one in labels:
        text = texts[one.id, one.turn]
        said = {*one.rules, *([REFUSES] if one.refuses else [])}
        got = {finding.rule for finding in checker.check(text, Context())} - UNLABELLED
        seen = {*got, *([REFUSES] if refuses(text, checker) else [])}
        labelled.update(said)
        found.update(seen)
        agreed.update(said & seen)
    return {
        "turns": len(labels),
        "rules": {
            rule: {
                "labelled": labelled[rule],
                "found": found[rule],
                "agreed": agreed[rule],
                "precision": round(agreed[rule] / found[rule], 3) if found[rule] else None,
                "recall": round(agreed[rule] / labelled[rule], 3) if labelled[rule] else None,
            }
            for rule in sorted(labelled | found)
        },
    }


def _turns(path: Path, wanted: set[tuple[str, int]]) -> Iterator[tuple[tuple[str, int], str]]:
    files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
    ids = {name for name, _ in wanted}
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise UsageError(f"PATH: {file} cannot be read: {error.strerror}", "Name conversations.") from error
        for line in lines:
            item = json.loads(line)
            if item.get("id") in ids:
                for number, turn in enumerate(item.get("turns", ())):
                    if (item["id"], number) in wanted:
                        yield (item["id"], number), turn["text"]


def _show(out: Console, result: dict[str, Any]) -> None:
    for sample, figures in result.items():
        out.print(Text(f"{words(sample)}: {figures['turns']} turns", "bold"))
        table = grid(22, 9, 7, 10, 8)
        table.add_row("rule", "labelled", "found", "precision", "recall", style=DIM)
        for rule, one in figures["rules"].items():
            shown = ["-" if one[name] is None else f"{one[name]:.2f}" for name in ("precision", "recall")]
            table.add_row(words(rule), str(one["labelled"]), str(one["found"]), *shown)
        out.print(table)


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(evaluate)
