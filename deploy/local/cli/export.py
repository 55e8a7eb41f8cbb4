"""`recourse export`: the history in the forms that process mining reads."""

import asyncio
import gzip
from collections.abc import Callable
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, read_instant
from deploy.local.cli.meter import Meter
from deploy.local.errors import UsageError
from deploy.local.history import History
from deploy.topics import declared_topics
from services.casebook.exports.ocel import OcelWriter, write_json
from services.casebook.exports.traces import Traces
from services.casebook.exports.xes import compressed, write_xes
from shared.contracts.event import Recorded

OutOption = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")]
ChannelOption = Annotated[str | None, typer.Option(metavar="NAME", help="Only cases opened by this channel.")]

group = typer.Typer(no_args_is_help=True, help="Write the history for process mining; nothing personal leaves.")


@group.command()
def ocel(out: OutOption, as_of: AsOfOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Write an object-centric event log, OCEL 2.0: FILE.sqlite or FILE.json.

    Object types are case, customer, message, request, exception, promise,
    clock and policy clause. Texts of and about customers stay out.

    JSON: {"file", "events", "objects", "heads": {log: {part: position}}}.
    """
    if out.suffix not in (".sqlite", ".json"):
        raise UsageError(f"--output: {out.name} is neither .sqlite nor .json", "Name a file that ends so.")
    context = open_context(home, as_json)
    with TemporaryDirectory(dir=directory_of(out)) as scratch:
        database = Path(scratch) / "ocel.sqlite"
        writer = OcelWriter(database)
        heads = read_into(context, writer.add, as_of)
        objects = writer.finish()
        if out.suffix == ".json":
            whole = Path(scratch) / "ocel.json"
            with whole.open("w", encoding="utf-8") as file:
                write_json(database, file)
        else:
            whole = database
        whole.replace(out)
    data = {"file": str(out), "events": writer.events, "objects": objects, "heads": heads}
    context.emit(data, lambda console: console.print(f"{out}: {writer.events:,} events, {objects:,} objects."))


@group.command()
def xes(
    out: OutOption,
    channel: ChannelOption = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a log in XES (IEEE 1849): FILE.xes or FILE.xes.gz; a case is a trace.

    JSON: {"file", "cases", "events", "heads": {log: {part: position}}}.
    """
    if not out.name.endswith((".xes", ".xes.gz")):
        raise UsageError(f"--output: {out.name} is neither .xes nor .xes.gz", "Name a file that ends so.")
    context = open_context(home, as_json)
    with TemporaryDirectory(dir=directory_of(out)) as scratch:
        traces, heads = read_traces(context, Path(scratch), as_of)
        whole = Path(scratch) / "log.xes"
        opening = gzip.GzipFile(whole, "wb") if compressed(out) else whole.open("wb")
        with opening as raw, TextIOWrapper(raw, "utf-8") as file:
            cases, events = write_xes(traces, file, channel=channel)
        traces.close()
        whole.replace(out)
    data = {"file": str(out), "cases": cases, "events": events, "heads": heads}
    context.emit(data, lambda console: console.print(f"{out}: {cases:,} cases, {events:,} events."))


def read_traces(
    context: Context, scratch: Path, as_of: str | None, *, notes: bool = True
) -> tuple[Traces, dict[str, dict[int, int]]]:
    """Read the history into traces; gives them and the positions up to which it was read."""
    traces = Traces(scratch / "traces.sqlite")
    heads = read_into(context, lambda events: traces.add(events, notes=notes), as_of)
    traces.index()
    return traces, heads


def read_into(context: Context, take: Callable[[list[Recorded]], None], as_of: str | None) -> dict[str, dict[int, int]]:
    """Read the history of the running stack, with a progress bar; gives the positions up to which it was read."""
    context.running()
    history = History(context.home, declared_topics()[0].partitions)
    at: datetime | None = read_instant(as_of, "--as-of") if as_of else None

    async def run() -> None:
        total = await history.note_heads(at)
        with Meter(context.err, "Reading", max(total, 1)) as meter:
            async for page in history.pages():
                take(page.events)
                meter.reach(page.done, f"{page.done:,} of {total:,} events")
            meter.finish()

    asyncio.run(run())
    return history.heads


def directory_of(out: Path) -> Path:
    """Give the directory of a file that is to be written; UsageError when there is none."""
    if not out.parent.is_dir():
        raise UsageError(f"--output: there is no directory {out.parent}", "Name a file in a directory that exists.")
    return out.parent


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="export")
