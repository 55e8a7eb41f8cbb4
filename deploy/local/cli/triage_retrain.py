"""`recourse triage retrain`: make the next model of what people corrected, and publish it if it is no worse."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.events import open_events
from deploy.local.cli.events import read as read_topics
from deploy.local.cli.meter import Meter
from deploy.local.cli.showing import DIM
from deploy.local.cli.triage_train import MODEL, POLICIES, WORDS
from deploy.local.environment import HOST
from deploy.local.errors import UsageError
from services.triage.adapters.model_file import CARD, NUMBERS, ModelFile

REPORT = "report.json"
ALL = 10_000_000
READER = "audra"


def retrain(
    data: Annotated[Path, typer.Option("--data", metavar="PATH", help="The labelled sets that the model is made of.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the next model and its report go.")],
    events: Annotated[
        Path | None,
        typer.Option("--events", metavar="FILE", help="Events of `recourse events --json`; else the running stack's."),
    ] = None,
    model: Annotated[Path, typer.Option("--model", metavar="DIR", help="The published model.")] = MODEL,
    publish: Annotated[bool, typer.Option("--publish", help="Put it in the published model's place.")] = False,
    accept: Annotated[
        str | None, typer.Option("--accept", metavar="REASON", help="Publish although a figure falls, and why.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the next model from the labelled sets and people's corrections.

    Writes a report of both models on the same folds. Publishing is refused (exit
    code 1) where a figure falls by more than 0.02, unless --accept gives a
    reason. JSON: the report.
    """
    from deploy.local.learning.comparing import compare, objections
    from deploy.local.learning.corrections import corrected_items, read_events
    from deploy.local.learning.items import read_items
    from deploy.local.learning.training import TRAINED_ON, train
    from deploy.local.learning.words import read_words

    if accept is not None and not accept.strip():
        raise UsageError("--accept: the reason is empty", "Say why a worse figure is acceptable.")
    if out.resolve() == model.resolve():
        raise UsageError("--out is the published model's directory", "Name another; --publish puts it in place.")
    context = open_context(home, as_json)
    old = ModelFile.load(model).card
    found = read_events(events) if events else _from_stack(context)
    taught = corrected_items(found, old.findings)
    with Meter(context.err, "Training", 1.0) as meter:
        items = [*read_items(data), *taught]
        new = train(items, read_words(WORDS), POLICIES, out, lambda note, at: meter.reach(at, note)).card
    changes = compare(old, new)
    against = objections(changes)
    published = publish and (not against or accept is not None)
    report = {
        "old": old.version,
        "new": new.version,
        "corrections": len(taught),
        "changes": [{"finding": c.finding, "set": c.origin, c.measure: [c.old, c.new]} for c in changes],
        "objections": against,
        "accepted": accept if against else None,
        "published": published,
    }
    (out / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if published:
        for name in (NUMBERS, TRAINED_ON, REPORT, CARD):
            shutil.copyfile(out / name, model / name)
    context.emit(report, lambda console: _show(console, report, out))
    if publish and not published:
        refusal = f"Not published: {'; '.join(against)}. Give --accept with a reason, or leave the model as it is."
        context.err.print(Text(refusal, "red"), soft_wrap=True)
        raise typer.Exit(1)


def _from_stack(context: Context) -> list[Mapping[str, Any]]:
    from deploy.local.learning.corrections import WANTED

    bootstrap = f"{HOST}:{context.running().ports['kafka']}"

    async def run() -> list[Mapping[str, Any]]:
        with context.client("casebook", READER) as reader:
            opened = partial(open_events, reader)
            read = [read_topics(bootstrap, None, wanted, ALL, follow=False, opened=opened) for wanted in WANTED]
            return [event for topic in read async for event in topic]

    return asyncio.run(run())


def _show(out: Console, report: Mapping[str, Any], home: Path) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("finding", "set", "measure"):
        table.add_column(name)
    for name in ("published", "next"):
        table.add_column(name, justify="right")
    for change in report["changes"]:
        measure = next(name for name in change if name not in ("finding", "set"))
        old, new = change[measure]
        style = "red" if old - new > 0.02 else ""
        table.add_row(change["finding"], change["set"], measure, f"{old:.3f}", f"{new:.3f}", style=style)
    out.print(table)
    state = "published" if report["published"] else "not published"
    line = f"{report['corrections']} corrections; {report['old'][:8]} -> {report['new'][:8]}, {state}; files in {home}."
    out.print(Text(line, DIM), soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(retrain)
