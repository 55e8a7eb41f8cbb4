"""`recourse triage evaluate`: how well messages are read, on labelled texts."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import JsonOption, open_context
from deploy.local.cli.meter import Meter
from deploy.local.cli.showing import DIM
from deploy.local.cli.triage_showing import show_crossed, show_figures, written
from deploy.local.cli.triage_train import MODEL, POLICIES, WORDS
from deploy.local.errors import UsageError


def evaluate(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="Labelled texts: a .jsonl file, or a directory of them.")
    ],
    model: Annotated[Path, typer.Option("--model", metavar="DIR", help="The model's directory.")] = MODEL,
    rules_only: Annotated[bool, typer.Option("--rules-only", help="Read by the rules alone.")] = False,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Judge every text by a model that did not learn it (minutes).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Count precision, recall and F1 of what is read, beside a majority baseline.

    Says how many texts the model was trained on; for those only
    --cross-validate gives honest figures. JSON: {"texts", "trained_on",
    "figures": {"<finding>": {"<set>|all": {...}}}, "languages", "times"}.
    """
    from deploy.local.learning.evaluating import evaluate as run
    from deploy.local.learning.items import read_items

    context = open_context(None, as_json)
    items = read_items(path)
    if not items:
        raise UsageError(f"PATH: {path} holds no text", "Name labelled messages or conversations.")
    if cross_validate:
        _cross(items, as_json)
        return
    with context.err.status("reading"):
        result = run(items, None if rules_only else model, POLICIES, time.perf_counter)
    data = {
        "texts": result.texts,
        "trained_on": result.known,
        "figures": written(result.read, result.rules),
        "languages": {code: {"right": right, "of": of} for code, (right, of) in result.languages.items()},
        "times": {"right": result.times[0], "of": result.times[1]},
        "median_ms": round(result.milliseconds, 3),
    }

    def show(out: Console) -> None:
        show_figures(out, result)
        if result.known:
            warning = f"{result.known} labelled texts were in the model's training data: their figures flatter it. "
            out.print(Text(warning + "Use --cross-validate for honest ones.", "yellow"))
        out.print(Text(f"{result.texts} texts, {result.milliseconds:.2f} ms each at the median.", DIM))

    context.emit(data, show)


def _cross(items: list[Any], as_json: bool) -> None:
    from deploy.local.learning.listening import figures
    from deploy.local.learning.training import hear
    from deploy.local.learning.words import read_words

    context = open_context(None, as_json)
    used = sorted((item for item in items if item.labels), key=lambda item: (item.id, item.part))
    with Meter(context.err, "Cross-validating", 1.0) as meter:
        heard = hear(used, read_words(WORDS), POLICIES, lambda note, at: meter.reach(at, note))
    told = {finding: figures(texts) for finding, texts in heard.items()}
    if not told:
        raise UsageError("PATH: too few labelled texts to learn from", "Leave --cross-validate out.")
    data = {f: {o: {n: written_one(c) for n, c in by.items()} for o, by in sets.items()} for f, sets in told.items()}
    context.emit({"cross_validated": True, "figures": data}, lambda out: show_crossed(out, told))


def written_one(counts: Any) -> dict[str, float]:
    """Give the figures of one count."""
    return {what: round(getattr(counts, what), 3) for what in ("precision", "recall", "f1", "accuracy")}


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(evaluate)
