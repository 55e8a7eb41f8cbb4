"""`recourse cases`: the list of cases."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import pages
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.showing import grid, more, one_line, state, when, words

AfterOption = Annotated[str | None, typer.Option("--after", metavar="CURSOR", help="Go on where a list ended.")]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many to list.")]


def cases(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    status: Annotated[str | None, typer.Option(help="open, waiting, resolved or closed.")] = None,
    channel: Annotated[str | None, typer.Option(help="chat, email, phone, review, web, ...")] = None,
    kind: Annotated[str | None, typer.Option(help="A demand kind, such as unfounded_demand.")] = None,
    tone: Annotated[str | None, typer.Option(help="calm, impatient, frustrated, angry or abusive.")] = None,
    customer: Annotated[str | None, typer.Option(help="A customer's id, or one of their addresses.")] = None,
    query: Annotated[
        str | None, typer.Option("--query", "-q", help="Words of the subject, or a tracking code.")
    ] = None,
    sort: Annotated[str, typer.Option(help="newest, oldest, heard, due (the answer), or priority.")] = "newest",
    limit: LimitOption = 20,
    after: AfterOption = None,
    as_of: AsOfOption = None,
) -> None:
    """List cases.

    JSON: {"items": [a case as GET /cases of casebook gives it], "next"}.
    """
    context = open_context(home, as_json)
    wanted = {"status": status, "channel": channel, "kind": kind, "tone": tone, "customer": customer, "q": query}
    wanted |= asked(as_of)
    with context.client("casebook", user) as book:
        found = pages(book, "/cases", limit=limit, after=after, sort=sort, **wanted)
    context.emit(found, lambda out: _show(out, found))


RANKS = ("emergency", "critical", "high", "normal", "low")


def queue(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    limit: LimitOption = 20,
    after: AfterOption = None,
    as_of: AsOfOption = None,
) -> None:
    """List the cases that wait for us, in the order to work on them.

    Emergencies come first, then it goes by urgency, then by the answer due.

    JSON: as of `cases`.
    """
    context = open_context(home, as_json)
    with context.client("casebook", user) as book:
        found = pages(book, "/cases", limit=limit, after=after, sort="priority", **asked(as_of))
    context.emit(found, lambda out: _show_queue(out, found))


def _show_queue(out: Console, found: dict[str, Any]) -> None:
    if not found["items"]:
        out.print("Nobody waits for us.")
        return
    table = grid(12, 9, 16, None, cut=True)
    table.add_row("case", "rank", "answer due", "about", style="dim")
    for case in found["items"]:
        about = f"{words(case['kind'])}: {one_line(case['subject'])}" if case["kind"] else one_line(case["subject"])
        table.add_row(case["tracking_code"], RANKS[case["rank"]], when(case["answer_due"]), about)
    out.print(table)
    more(out, "queue", found["next"])


def _show(out: Console, found: dict[str, Any]) -> None:
    if not found["items"]:
        out.print("No cases.")
        return
    table = grid(12, 8, 7, 16, None, cut=True)
    for case in found["items"]:
        about = Text(words(case["kind"]))
        if case["tone"] and case["tone"] != "calm":
            about.append(f", {case['tone']}", "red" if case["tone"] in ("angry", "abusive") else "yellow")
        about.append("\n" if about else "").append(one_line(case["subject"]), "dim")
        table.add_row(case["tracking_code"], state(case["status"]), case["channel"], when(case["opened_at"]), about)
    out.print(table)
    more(out, "cases", found["next"])


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(cases)
    app.command()(queue)
