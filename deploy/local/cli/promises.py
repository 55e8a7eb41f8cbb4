"""`recourse promises`: what is owed to customers, by when."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import pages
from deploy.local.cli.cases import AfterOption, LimitOption
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.showing import DIM, grid, more, one_line, state, when


def promises(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    state_: Annotated[
        str | None, typer.Option("--state", help="made, at_risk, kept, broken, renegotiated or released.")
    ] = None,
    due_before: Annotated[
        datetime | None, typer.Option(metavar="TIME", help="Due before this time (UTC), such as 2026-11-30.")
    ] = None,
    limit: LimitOption = 20,
    after: AfterOption = None,
) -> None:
    """List promises, the one due first first.

    JSON: {"items": [a promise as GET /promises of casebook gives it], "next"}.
    """
    context = open_context(home, as_json)
    before = due_before.replace(tzinfo=UTC).isoformat() if due_before else None
    with context.client("casebook", user) as book:
        found = pages(book, "/promises", limit=limit, after=after, state=state_, due_before=before)
    context.emit(found, lambda out: _show(out, found))


def _show(out: Console, found: dict[str, Any]) -> None:
    if not found["items"]:
        out.print("No promises.")
        return
    for one in found["items"]:
        head = ((one["promise_id"], "bold"), "  ", state(one["state"]), "  ", one["tracking_code"] or one["case_id"])
        out.print(Text.assemble(*head))
        facts = grid(10, None)
        moved = f", moved {one['renegotiations']} times" if one["renegotiations"] else ""
        facts.add_row(Text("what", DIM), Text(one_line(one["what"])))
        facts.add_row(Text("due", DIM), Text(f"{when(one['due'])}{moved}"))
        facts.add_row(Text("backed by", DIM), Text(f"{one['backing']} {one['backing_reference']}, {one['made_by']}"))
        if one["evidence"]:
            late = ", late" if one["late"] else ""
            facts.add_row(Text("kept", DIM), Text(f"{when(one['kept_at'])}{late}: {one_line(one['evidence'])}"))
        elif one["reason"]:
            facts.add_row(Text("reason", DIM), Text(one_line(one["reason"])))
        out.print(facts)
    more(out, "promises", found["next"])


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(promises)
