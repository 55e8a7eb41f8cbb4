"""`recourse insights`: what was refused and what came of it, exceptions by clause, promises by team."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import ask
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.showing import DIM, grid, one_line, words


def insights(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    since: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", help="Since this time (UTC), such as 2026-11-01; ever, if left out."),
    ] = None,
    as_of: AsOfOption = None,
) -> None:
    """Show what can be learnt from refusals, exceptions and promises.

    By clause: what it refused and what came next, exceptions and how they were
    decided, and whether it should change. By team: what became of promises.
    And what agents noted with `recourse reflect`.

    JSON: as GET /insights of casebook gives it.
    """
    context = open_context(home, as_json)
    wanted = {"since": since.replace(tzinfo=UTC).isoformat()} if since else {}
    with context.client("casebook", user) as book:
        found: dict[str, Any] = ask(book, "/insights", wanted | asked(as_of))
    context.emit(found, lambda out: _show(out, found))


def _show(out: Console, found: dict[str, Any]) -> None:
    refused = [one for one in found["clauses"] if one["refused"]]
    out.print(Text("Refusals by clause, and what came next", "bold"))
    table = grid(14, 8, 9, 9, 9, 8, 10)
    table.add_row("clause", "refused", "accepted", "appealed", "reopened", "settled", "unsettled", style=DIM)
    for one in refused:
        numbers = (one[name] for name in ("refused", "accepted", "appealed", "reopened", "settled", "unsettled"))
        table.add_row(f"{one['policy']}/{one['clause']}", *map(str, numbers))
    out.print(table if refused else "None.")
    excepted = [one for one in found["clauses"] if one["exceptions"]]
    out.print(Text("\nExceptions by clause", "bold"))
    table = grid(14, None, 18)
    for one in excepted:
        states = ", ".join(f"{number} {words(state)}" for state, number in one["exceptions"].items())
        worth = " + ".join(f"{sum_['amount']} {sum_['currency']}" for sum_ in one["granted"])
        table.add_row(f"{one['policy']}/{one['clause']}", states, worth)
    out.print(table if excepted else "None.")
    out.print(Text("\nPromises by team", "bold"))
    table = grid(20, 9, 7, 7, 8, 8, 9)
    table.add_row("team", "promised", "kept", "late", "broken", "open", "released", style=DIM)
    for one in found["teams"]:
        still = one["made"] + one["at_risk"] + one["renegotiated"]
        kept = (one["promised"], one["kept"], one["kept_late"], one["broken"], still, one["released"])
        table.add_row(one["team"], *map(str, kept))
    out.print(table if found["teams"] else "None.")
    if found["reflections"]:
        out.print(Text("\nWhat agents learnt", "bold"))
    for one in found["reflections"]:
        about = f" ({one['clause']})" if one["clause"] else ""
        out.print(Text(f"{one['tracking_code']}{about}, {one['noted_by']}: {one_line(one['what_helped'])}"))
        if one["what_should_change"]:
            out.print(Text(f"  should change: {one_line(one['what_should_change'])}"))
    for one in found["clauses"]:
        if one["should_change"]:
            out.print(
                f"\n{one['policy']}/{one['clause']} should be reconsidered: {one['granted_share']:.0%} of its decided"
                " exceptions were granted.",
                style="yellow",
            )


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(insights)
