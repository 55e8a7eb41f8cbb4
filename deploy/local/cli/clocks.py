"""`recourse clocks`: what runs out when, over all cases, and what has run out."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import pages
from deploy.local.cli.cases import AfterOption, LimitOption
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.showing import DIM, grid, more, one_line, when, words


def clocks(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    state: Annotated[str | None, typer.Option("--state", help="running, paused, met or cancelled.")] = None,
    clock: Annotated[str | None, typer.Option("--clock", metavar="NAME", help="Such as first_response.")] = None,
    due_before: Annotated[
        datetime | None, typer.Option(metavar="TIME", help="Due before this time (UTC), such as 2026-11-30.")
    ] = None,
    breached: Annotated[bool, typer.Option("--breached", help="Only those that ran out.")] = False,
    limit: LimitOption = 20,
    after: AfterOption = None,
    as_of: AsOfOption = None,
) -> None:
    """List the clocks of all cases; of those that run the one due first first.

    JSON: {"items", "next"}, as GET /clocks of casebook gives them.
    """
    context = open_context(home, as_json)
    wanted = {
        "state": state,
        "clock": clock,
        "due_before": due_before.replace(tzinfo=UTC).isoformat() if due_before else None,
        "breached": "true" if breached else None,
        **asked(as_of),
    }
    with context.client("casebook", user) as book:
        found = pages(book, "/clocks", limit=limit, after=after, **wanted)
    context.emit(found, lambda out: _show(out, found))


def _show(out: Console, found: dict[str, Any]) -> None:
    if not found["items"]:
        out.print("No clocks.")
        return
    table = grid(13, 16, 16, 10, None)
    table.add_row("case", "clock", "due (UTC)", "held by", "", style=DIM)
    for one in found["items"]:
        told = f"{one_line(one['level'])}, {words(one['whom'])} told" if one["level"] else ""
        ran_out = f"ran out {when(one['breached_at'])}" if one["breached_at"] else ""
        why = one_line(one["reason"]) if one["reason"] and one["state"] == "paused" else ""
        note = "; ".join(part for part in (ran_out, told, why) if part)
        table.add_row(
            one["tracking_code"] or one["case_id"],
            one_line(one["clock"]),
            when(one["due"]) or one["state"],
            one_line(one["held_by"] or ""),
            Text(note, "red" if ran_out else DIM),
        )
    out.print(table)
    more(out, "clocks", found["next"])


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(clocks)
