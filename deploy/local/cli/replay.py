"""`recourse replay`: rebuild the read models from offset 0 in the shadow, compare them with live, switch to them."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.cli.meter import Meter
from deploy.local.cli.showing import one_line
from deploy.local.environment import HOST
from deploy.local.errors import UsageError
from deploy.local.postgres import LocalPostgres
from deploy.local.secret_files import password_in
from deploy.topics import declared_topics
from services.casebook.projections.rebuild import Progress, RebuildOrder, Rebuilt, rebuild
from services.casebook.tables import MODELS

Switch = Literal["never", "if_equal", "always"]
NAMES = [model.name for model in MODELS]
SHOWN = 20
# How much of the whole each phase is, for one bar.
PHASES = {"reading": (0, 80), "indexing": (80, 90), "comparing": (90, 98), "switching": (98, 100)}


def replay(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help=f"Report on this one only: {', '.join(NAMES)}. All are rebuilt together."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    compare: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Compare every row, byte by byte, with live.")
    ] = True,
    switch: Annotated[
        bool,
        typer.Option("--switch", help="Put the rebuilt ones in the place of live; if they are equal, or not compared."),
    ] = False,
) -> None:
    """Rebuild all read models from the first event on, beside the live ones.

    Live goes on meanwhile. The exit code is 1 if something differs.

    JSON: {"events", "passed_over", "seconds": {phase: s}, "events_per_second",
    "equal": null if not compared, "rows": {model: n}, "differing_rows",
    "differences": [{"table", "key", "column", "live", "shadow"}], "switched"}.
    """
    if model is not None and model not in NAMES:
        raise UsageError(f"There is no read model {model!r}", f"Take one of: {', '.join(NAMES)}.")
    context = open_context(home, as_json)
    wanted: Switch = "never" if not switch else "if_equal" if compare else "always"
    data = summary(rebuilt(context, compare=compare, switch=wanted), model)
    context.emit(data, lambda out: _show(out, data))
    raise typer.Exit(1 if data["equal"] is False else 0)


def rebuilt(context: Context, *, compare: bool, switch: Switch) -> Rebuilt:
    """Rebuild with a progress bar."""
    postgres = LocalPostgres(context.home.postgres)
    order = RebuildOrder(
        database_url=postgres.url_for(
            "casebook_owner", password_in(context.home.secrets / "casebook_owner"), "recourse_casebook"
        ),
        app_role="casebook",
        kafka_bootstrap=f"{HOST}:{context.running().ports['kafka']}",
        log_parts=declared_topics()[0].partitions,
        compare=compare,
        switch=switch,
    )
    with Meter(context.err, "Replaying", 100) as meter:

        def progress(now: Progress) -> None:
            start, end = PHASES[now.phase]
            share = now.done / now.total if now.total else 1.0
            meter.reach(start + (end - start) * share, f"{now.phase} {now.done:,} of {now.total:,}")

        done = asyncio.run(rebuild(order, progress))
        meter.finish()
        return done


def summary(done: Rebuilt, model: str | None = None) -> dict[str, Any]:
    """What came of a rebuild, as JSON has it; of one model only, if it is named."""
    found = done.comparison
    differences = [asdict(one) for one in found.differences if model in (None, one.table)] if found else []
    rows = {name: count for name, count in found.rows.items() if model in (None, name)} if found else {}
    reading = done.seconds.get("reading", 0.0)
    return {
        "events": done.events,
        "passed_over": done.passed_over,
        "seconds": {phase: round(seconds, 2) for phase, seconds in done.seconds.items()},
        "events_per_second": round(done.events / reading) if reading else 0,
        "equal": not differences if found else None,
        "rows": rows,
        "differing_rows": found.differing_rows if found else 0,
        "differences": differences,
        "switched": done.switched,
    }


def _show(out: Console, data: dict[str, Any]) -> None:
    phases = ", ".join(f"{phase} {seconds:g} s" for phase, seconds in data["seconds"].items())
    out.print(
        f"{data['events']:,} events replayed, {data['events_per_second']:,} a second ({phases}).", highlight=False
    )
    for name, count in data["rows"].items():
        out.print(Text(f"  {name}: {count:,} rows compared"))
    for one in data["differences"][:SHOWN]:
        key = ", ".join(f"{name} {value}" for name, value in one["key"].items())
        live, shadow = (one_line("nothing" if value is None else value) for value in (one["live"], one["shadow"]))
        out.print(Text(f"  {one['table']} {key}: {one['column']} is {live} in live, {shadow} in the shadow", "red"))
    if len(data["differences"]) > SHOWN:
        out.print(f"  and {len(data['differences']) - SHOWN} more; --json lists them.")
    if data["equal"] is not None:
        out.print("Live and shadow are equal, byte by byte." if data["equal"] else "[red]Live and shadow differ.[/]")
    out.print("The rebuilt read models are live now." if data["switched"] else "Nothing was switched.")


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(replay)
