"""`recourse dispute`: one customer against another: open, hear the other side, decide, show."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import pages, read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.outcome import show_outcome
from deploy.local.cli.showing import DIM, one_line, when, words
from deploy.local.errors import UsageError

group = typer.Typer(no_args_is_help=True, help="One customer against another: open, hear the other side, decide.")
OUTCOMES = ("upheld", "partly_upheld", "not_upheld")
SIDES = ("claimant", "respondent")


@group.command("open")
def open_(
    case: CaseArgument,
    user: AsOption,
    matter: Annotated[str, typer.Option(metavar="TEXT", help="What it is about; both sides are told as written.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a dispute: the case's customer has something against another.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    _tell(context, user, "intake", f"/cases/{_case_id(context, user, case)}/dispute", {"matter": matter})


@group.command()
def join(
    case: CaseArgument,
    user: AsOption,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="The other customer.")] = None,
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Their address, if not the id.")] = None,
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="Where they are told; else where they wrote last.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Two letters, such as de; else as they write.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hear the other side: both are told what it is about, and by when.

    Neither sees what the other writes.

    JSON: as of `decide`.
    """
    if (customer is None) == (email is None):
        raise UsageError("--customer or --email: one of them says who the other side is", "Give one, not both.")
    context = open_context(home, as_json)
    body = {"customer_id": customer, "email": email, "conversation_id": conversation, "language": language}
    _tell(context, user, "intake", f"/cases/{_case_id(context, user, case)}/dispute/parties", body)


@group.command()
def decide(
    case: CaseArgument,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="upheld, partly_upheld or not_upheld.")],
    user: AsOption,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; both sides are told as written.")],
    to_claimant: Annotated[
        str | None, typer.Option("--to-claimant", metavar="TEXT", help="What follows for them, for them alone.")
    ] = None,
    to_respondent: Annotated[
        str | None, typer.Option("--to-respondent", metavar="TEXT", help="What follows for them, for them alone.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide, once for both; each is told in their own language.

    By somebody with authority who took no part, when the other side has
    answered or their time has passed.

    JSON: as of `decide`.
    """
    if outcome not in OUTCOMES:
        raise UsageError(f"OUTCOME: {outcome!r} is no outcome", f"Write {OUTCOMES[0]}, {OUTCOMES[1]} or {OUTCOMES[2]}.")
    context = open_context(home, as_json)
    body = {"outcome": outcome, "reason": reason, "to_claimant": to_claimant, "to_respondent": to_respondent}
    _tell(context, user, "approvals", f"/cases/{_case_id(context, user, case)}/dispute/decision", body)


@group.command()
def show(
    case: CaseArgument,
    user: AsOption = "audra",
    party: Annotated[
        str | None, typer.Option(help="claimant or respondent: only what this side may see of the case.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a dispute: its parties, whether they were heard, the decision.

    JSON: {"dispute", "decisions"}, and with --party "timeline".
    """
    if party not in (None, *SIDES):
        raise UsageError(f"--party: {party!r} is no side", f"Write {' or '.join(SIDES)}.")
    context = open_context(home, as_json)
    case_id = _case_id(context, user, case)
    with context.client("intake", user) as intake:
        dispute = checked(intake.get(f"/cases/{case_id}/dispute"))
    with context.client("approvals", user) as approvals:
        decisions = checked(approvals.get(f"/cases/{case_id}/dispute/decisions"))
    found: dict[str, Any] = {"dispute": dispute, "decisions": decisions}
    if party is not None:
        found["timeline"] = _seen_by(context, user, dispute, party)
    context.emit(found, lambda out: _show(out, found))


@group.command("list")
def list_(user: AsOption = "audra", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the disputes that nobody decided yet, and which can be.

    JSON: a list, as GET /disputes of intake gives it.
    """
    context = open_context(home, as_json)
    with context.client("intake", user) as intake:
        found = checked(intake.get("/disputes"))
    context.emit(found, lambda out: _list(out, found))


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="dispute")


def _case_id(context: Context, user: str, case: str) -> str:
    found: str = read_case(context, user, case)["case_id"]
    return found


def _seen_by(context: Context, user: str, dispute: dict[str, Any], side: str) -> list[dict[str, Any]]:
    who = [one["customer_id"] for one in dispute["parties"] if one["side"] == side]
    if not who:
        raise UsageError(f"--party: no {side} has joined", "See `recourse dispute join`.")
    with context.client("casebook", user) as book:
        events: list[dict[str, Any]] = pages(book, f"/cases/{dispute['case_id']}/timeline", party=who[0])["items"]
    return events


def _tell(context: Context, user: str, service: str, path: str, body: dict[str, Any]) -> None:
    with context.client(service, user) as client:
        outcome = tell(client, path, body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def _show(out: Console, found: dict[str, Any]) -> None:
    if "timeline" in found:
        for event in found["timeline"]:
            out.print(Text.assemble((when(event["recorded_at"]), DIM), f"  {one_line(event['what'])}"))
        return
    dispute = found["dispute"]
    out.print(Text.assemble((one_line(dispute["matter"]), "bold"), f"  opened by {dispute['opened_by']}"))
    for one in dispute["parties"]:
        until = f", to be heard until {when(one['state_by'])}" if one["state_by"] else ""
        heard = "missed their time" if one["missed"] else f"messages since: {one['statements']}"
        line = f"  {one['side']} {one['customer_id']} by {one['channel']}, {one['language']}: {heard}{until}"
        out.print(Text(line))
    out.print(Text(f"  took part: {', '.join(dispute['involved'])}", DIM))
    for one in found["decisions"]:
        role = one["authority"]["role"]
        out.print(Text(f"  decided by {one['decided_by']} ({role}): {words(one['outcome'])}", "green"))
        out.print(Text(f"  {one_line(one['reason'])}", DIM))
    if not found["decisions"]:
        out.print(Text("  not decided yet", "yellow"))


def _list(out: Console, found: list[dict[str, Any]]) -> None:
    for one in found:
        heard = "heard" if one["heard"] else f"can answer until {when(one['state_by'])}"
        waits = heard if one["respondent_id"] else "the other side is not named yet"
        ready = ("  can be decided", "green") if one["ready"] else ("  waits", "yellow")
        out.print(Text.assemble((one["tracking_code"], "bold"), f"  opened by {one['opened_by']}, {waits}", ready))
    if not found:
        out.print("No disputes wait.")
