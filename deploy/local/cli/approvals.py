"""`recourse approvals`: exceptions, and who may decide on them until when."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import ask, pages
from deploy.local.cli.cases import AfterOption, LimitOption
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.showing import DIM, grid, more, one_line, price, state, when, words
from deploy.local.errors import UsageError


def approvals(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    state_: Annotated[
        str,
        typer.Option(
            "--state",
            help="requested, approved, rejected, countered, withdrawn, expired, superseded, accepted, declined, "
            "lapsed, or all.",
        ),
    ] = "requested",
    role: Annotated[str | None, typer.Option(help="Only those that wait for this role.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you may decide on, or were delegated.")] = False,
    limit: LimitOption = 20,
    after: AfterOption = None,
    as_of: AsOfOption = None,
) -> None:
    """List exceptions, the next deadline first; without --state those that wait for a decision.

    JSON: {"items": [an exception as GET /approvals of casebook gives it], "next"}; with --mine a list, as GET /inbox
    of approvals gives it.
    """
    context = open_context(home, as_json)
    past = asked(as_of)
    if mine and past:
        raise UsageError("--as-of: what waits for you is told of now only", "Leave --mine out, or --as-of.")
    if mine:
        with context.client("approvals", user) as service:
            inbox = ask(service, "/inbox", {"limit": limit})
        context.emit(inbox, lambda out: _show_inbox(out, inbox))
        return
    wanted = None if state_ == "all" else state_
    with context.client("casebook", user) as book:
        found = pages(book, "/approvals", limit=limit, after=after, state=wanted, role=role, **past)
    context.emit(found, lambda out: _show(out, found))


def _show(out: Console, found: dict[str, Any]) -> None:
    if not found["items"]:
        out.print("No exceptions. Without --state all, only those that wait are listed.")
        return
    for one in found["items"]:
        out.print(
            Text.assemble(
                (one["exception_id"], "bold"), "  ", state(one["state"]), "  ", one["tracking_code"] or one["case_id"]
            )
        )
        facts = grid(10, None)
        worth = f", {price(one['amount'])}" if one["amount"] else ""
        facts.add_row(Text("deviation", DIM), Text(f"{one_line(one['deviation'])} ({words(one['kind'])}{worth})"))
        facts.add_row(Text("clause", DIM), Text(f"{one['policy']}/{one['clause']}: {one_line(one['clause_text'])}"))
        facts.add_row(Text("reason", DIM), Text(f"{one_line(one['reason'])}, proposed by {one['proposed_by']}"))
        if one["state"] == "requested":
            escalated = ", escalated" if one["escalations"] else ""
            facts.add_row(
                Text("waits for", DIM),
                Text(
                    f"{one['required_role']} until {when(one['deadline'])}{escalated};"
                    f" {one['voices']} of {one['voices_needed']} agreed"
                ),
            )
        else:
            facts.add_row(Text("decided", DIM), Text(_decision(one)))
        out.print(facts)
    more(out, "approvals", found["next"])


def _show_inbox(out: Console, inbox: list[dict[str, Any]]) -> None:
    for one in inbox:
        requested = one["requested"]
        out.print(Text.assemble((one["exception_id"], "bold"), f"  until {when(one['deadline'])}"))
        names = ["yourself"] if one["in_own_name"] else []
        ways = ", ".join(names + [f"on behalf of {name}" for name in one["on_behalf_of"]])
        only = "" if one["may_approve"] else "; it is above your limit: reject it or offer less"
        clause = f"{requested['clause']['policy']}/{requested['clause']['clause']}"
        amount = f", {price(requested['amount'])}" if requested.get("amount") else ""
        out.print(Text(f"  {one_line(requested['deviation'])} ({words(requested['kind'])}{amount}), from {clause}"))
        out.print(Text(f"  decide as {ways}{only}", DIM))
    if not inbox:
        out.print("Nothing waits for you.")


def _decision(one: dict[str, Any]) -> str:
    by = " and ".join(one["decided_by"] or []) or "nobody"
    principal = f" on behalf of {one['on_behalf_of']}" if one["on_behalf_of"] else ""
    offer = f"; offered: {one_line(one['offer'])}" if one["offer"] else ""
    note = f"; {one_line(one['note'])}" if one["note"] else ""
    return f"{when(one['decided_at'])} by {by}{principal}{offer}{note}"


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(approvals)
