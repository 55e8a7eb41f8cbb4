"""`recourse triage train`: make the model from labelled sets; the same sets make the same bytes."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.meter import Meter
from deploy.local.cli.triage_showing import as_data, show_trained
from deploy.local.environment import ROOT
from deploy.local.errors import UsageError

POLICIES = ROOT / "policies"
MODEL = POLICIES / "assessment" / "model"
WORDS = ROOT / "deploy" / "local" / "learning" / "words.npz"


def train(
    data: Annotated[
        Path, typer.Option("--data", metavar="PATH", help="Labelled sets: a .jsonl file, or a directory of them.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the model's files go.")],
    as_json: JsonOption = False,
) -> None:
    """Train the model on labelled sets, and tell how it does on texts it did not see.

    Ten folds; no text is judged by a model that learnt it or a near-identical one.
    JSON: {"version", "figures": {"<finding>": {"<set>|all": {"texts", "held",
    "majority_f1", "rules_f1", "model_f1", "both_f1", ... "_accuracy"}}}}.
    """
    # Imported here: learning is slow to load, and no other verb needs it.
    from deploy.local.learning.items import read_items
    from deploy.local.learning.training import train as make
    from deploy.local.learning.words import read_words

    context = open_context(None, as_json)
    items = read_items(data)
    if not any(item.labels for item in items):
        raise UsageError(
            f"--data: {data} holds no labelled text", "Name sets as deploy/local/learning/sets.yaml tells."
        )
    with Meter(context.err, "Training", 1.0) as meter:
        outcome = make(items, read_words(WORDS), POLICIES, out, lambda note, at: meter.reach(at, note))
    context.emit(
        {"version": outcome.card.version, "out": str(out), "figures": as_data(outcome.card)},
        lambda console: show_trained(console, outcome.card, out),
    )


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(train)
