"""`recourse replay`: rebuild the read models from offset 0 in the shadow, compare them with live, switch to them."""

import asyncio
import time
from collections.abc import Callable, Coroutine
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
from services.casebook.projections.order import Progress, RebuildOrder, Rebuilt
from services.casebook.projections.rebuild import rebuild
from services.casebook.projections.vault_access import VaultAccess
from services.casebook.projections.way_back import drop_previous, go_back
from services.casebook.tables import MODELS

Switch = Literal["never", "if_equal", "always"]
NAMES = [model.name for model in MODELS]
SHOWN = 20
# How much of the whole each phase is, for one bar.
PHASES = {"reading": (0, 80), "indexing": (80, 90), "comparing": (90, 98), "switching": (98, 100)}


def replay(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL", help=f"Only these. Default: all of {', '.join(NAMES)}.")
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
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Start from the first event; go on with no rebuild that broke off.")
    ] = False,
    back: Annotated[
        bool, typer.Option("--back", help="Put what was live before the last switch, brought up to date, in its place.")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop-previous", help="Drop what was live before the last switch, and the way back.")
    ] = False,
) -> None:
    """Rebuild read models from the first event on, beside the live ones.

    Live goes on meanwhile. A rebuild that broke off, even by a kill, goes on
    where it stood when the command is given again. What a switch replaces is
    kept until the next one, or until --drop-previous. The exit code is 1 if
    something differs.

    JSON: {"events", "resumed" (of them, by a run that broke off), "passed_over",
    "seconds": {phase: s}, "events_per_second", "equal": null if not compared,
    "rows": {model: n}, "differing_rows", "differences": [{"table", "key",
    "column", "live", "shadow"}], "switched"}; of --drop-previous {"dropped"}.
    """
    _check(models, alone=[name for name, given in (("--back", back), ("--drop-previous", drop)) if given])
    context = open_context(home, as_json)
    wanted: Switch = "never" if not switch else "if_equal" if compare else "always"
    order = order_of(context, compare=compare, switch=wanted, models=models, afresh=afresh)
    if drop:
        dropped = asyncio.run(drop_previous(order))
        said = "The previous read models are dropped." if dropped else "No previous read models are kept."
        context.emit({"dropped": dropped}, lambda out: out.print(said))
        return
    data = summary(_run(context, order, go_back if back else rebuild))
    context.emit(data, lambda out: _show_back(out, data) if back else _show(out, data))
    raise typer.Exit(1 if data["equal"] is False else 0)


def _check(models: list[str] | None, alone: list[str]) -> None:
    for model in models or ():
        if model not in NAMES:
            raise UsageError(f"There is no read model {model!r}", f"Take one of: {', '.join(NAMES)}.")
    if len(alone) > 1 or (alone and models):
        raise UsageError(f"{alone[0]} goes with no model and no other act", "Give it alone.")


def order_of(
    context: Context, *, compare: bool, switch: Switch, models: list[str] | None = None, afresh: bool = False
) -> RebuildOrder:
    """An order to rebuild the casebook of the running stack."""
    postgres = LocalPostgres(context.home.postgres)
    return RebuildOrder(
        database_url=postgres.url_for(
            "casebook_owner", password_in(context.home.secrets / "casebook_owner"), "recourse_casebook"
        ),
        app_role="casebook",
        kafka_bootstrap=f"{HOST}:{context.running().ports['kafka']}",
        log_parts=declared_topics()[0].partitions,
        compare=compare,
        switch=switch,
        models=tuple(models) if models else None,
        afresh=afresh,
        vault=vault_of(context),
    )


def vault_of(context: Context) -> VaultAccess:
    """The way to the keys that the casebook has: what cases are found by is made of opened words."""
    url = LocalPostgres(context.home.postgres).url_for(
        "casebook", password_in(context.home.secrets / "casebook"), "recourse_vault"
    )
    return VaultAccess(url, context.home.master_key.read_text())


def _run(
    context: Context,
    order: RebuildOrder,
    act: Callable[[RebuildOrder, Callable[[Progress], None]], Coroutine[None, None, Rebuilt]],
) -> Rebuilt:
    begun = time.perf_counter()
    first: int | None = None
    with Meter(context.err, "Replaying", 100) as meter:

        def progress(now: Progress) -> None:
            nonlocal first
            start, end = PHASES[now.phase]
            share = now.done / now.total if now.total else 1.0
            note = f"{now.phase} {now.done:,} of {now.total:,}"
            if now.phase == "reading":
                first = now.done if first is None else first
                note += f", {(now.done - first) / max(time.perf_counter() - begun, 0.001):,.0f}/s"
            meter.reach(start + (end - start) * share, note)

        done = asyncio.run(act(order, progress))
        meter.finish()
        return done


def summary(done: Rebuilt) -> dict[str, Any]:
    """What came of a rebuild, as JSON has it."""
    found = done.comparison
    differences = [asdict(one) for one in found.differences] if found else []
    reading = done.seconds.get("reading", 0.0)
    return {
        "events": done.events,
        "resumed": done.resumed,
        "passed_over": done.passed_over,
        "seconds": {phase: round(seconds, 2) for phase, seconds in done.seconds.items()},
        "events_per_second": round((done.events - done.resumed) / reading) if reading else 0,
        "equal": not differences if found else None,
        "rows": found.rows if found else {},
        "differing_rows": found.differing_rows if found else 0,
        "differences": differences,
        "switched": done.switched,
    }


def _show(out: Console, data: dict[str, Any]) -> None:
    phases = ", ".join(f"{phase} {seconds:g} s" for phase, seconds in data["seconds"].items())
    out.print(
        f"{data['events']:,} events replayed, {data['events_per_second']:,} a second ({phases}).", highlight=False
    )
    if data["resumed"]:
        out.print(f"  {data['resumed']:,} of them by the run that broke off.", highlight=False)
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


def _show_back(out: Console, data: dict[str, Any]) -> None:
    out.print(f"What was live before is live again, brought up to date by {data['events']:,} events.", highlight=False)
    out.print("What it replaced is kept: --back once more returns to it.")


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(replay)
