"""`recourse promises`: what is owed to customers, by when."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import ask, pages
from deploy.local.cli.cases import AfterOption, LimitOption
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.showing import DIM, grid, more, one_line, state, when
from deploy.local.errors import UsageError


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
    by: Annotated[
        str | None, typer.Option("--by", metavar="WHOM", help="The ledger instead: by agent, team or clause.")
    ] = None,
    found: Annotated[bool, typer.Option("--found", help="What was said and waits to be confirmed instead.")] = False,
    limit: LimitOption = 20,
    after: AfterOption = None,
    as_of: AsOfOption = None,
) -> None:
    """List promises, the one due first first; or count what became of them.

    JSON: {"items", "next"}, as GET /promises of casebook gives them; with --by
    {"by", "since", "lines"} of GET /promises/ledger; with --found the list of
    GET /promises/found.
    """
    context = open_context(home, as_json)
    past = asked(as_of)
    if by is not None:
        if by not in ("agent", "team", "clause"):
            raise UsageError(f"--by: {by!r} is not known", "Write agent, team or clause.")
        with context.client("casebook", user) as book:
            ledger = ask(book, "/promises/ledger", {"by": by, **past})
        context.emit(ledger, lambda out: _show_ledger(out, ledger))
        return
    if found:
        with context.client("casebook", user) as book:
            waiting = ask(book, "/promises/found", past)["items"]
        context.emit(waiting, lambda out: _show_found(out, waiting))
        return
    before = due_before.replace(tzinfo=UTC).isoformat() if due_before else None
    with context.client("casebook", user) as book:
        listed = pages(book, "/promises", limit=limit, after=after, state=state_, due_before=before, **past)
    context.emit(listed, lambda out: _show(out, listed))


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


def _show_ledger(out: Console, ledger: dict[str, Any]) -> None:
    if not ledger["lines"]:
        out.print("No promises.")
        return
    columns = ("made", "kept", "late", "broken", "released", "open", "renegotiated")
    table = grid(24, 5, 5, 5, 6, 8, 5, 6, 5)
    heads = ("made", "kept", "late", "broken", "released", "open", "moved", "kept")
    table.add_row(f"by {ledger['by']}", *heads, style=DIM)
    for line in ledger["lines"]:
        share = "" if line["kept_share"] is None else f"{line['kept_share']:.0%}"
        table.add_row(one_line(line["name"]), *(str(line[name]) for name in columns), share)
    out.print(table)


def _show_found(out: Console, waiting: list[dict[str, Any]]) -> None:
    if not waiting:
        out.print("Nothing that was said waits to be confirmed as a promise.")
    for one in waiting:
        out.print(Text.assemble((one["promise_id"], "bold"), "  ", one["tracking_code"] or one["case_id"]))
        facts = grid(10, None)
        facts.add_row(Text("said", DIM), Text(f"{one_line(one['what'])} ({one_line(one['said_by'])})"))
        backed = "" if one["backed"] else ", nothing backed it yet"
        facts.add_row(Text("due", DIM), Text(f"{when(one['due'])}{backed}"))
        out.print(facts)


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(promises)
