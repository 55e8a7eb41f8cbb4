"""`recourse privacy`: what is kept of a person, and how it goes: export, erase, hold, release, status, due."""

import sys
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli import privacy_export, privacy_keys
from deploy.local.cli.api import tell
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.customer import CustomerArgument, customer_of
from deploy.local.cli.outcome import show_outcome
from deploy.local.cli.showing import DIM, day, one_line, words
from deploy.local.errors import UsageError

group = typer.Typer(no_args_is_help=True, help="What is kept of a person: export it, hold it, erase it.")
GROUNDS = ("asked", "consent_withdrawn", "objected", "unlawful", "no_longer_needed")
WHY_DUE = {
    "requested": "a request waits for the data-protection officer",
    "possible": "it was refused, and is possible now",
    "served": "the data has served its purpose",
}


@group.command()
def erase(
    customer: CustomerArgument,
    user: AsOption,
    ground: Annotated[str, typer.Option(help=f"{', '.join(GROUNDS[:-1])} or {GROUNDS[-1]}.")] = "asked",
    asked_on: Annotated[str | None, typer.Option("--asked-on", metavar="DAY", help="When they asked for it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a customer for ever, or ask for it.

    A supervisor's or manager's request waits for the data-protection officer
    (pia), who erases with this same verb. What must be kept, by a hold or by a
    law (policies/retention.yaml), is refused with the day from which it may go.

    JSON: as of `decide`.
    """
    if ground not in GROUNDS:
        raise UsageError(f"--ground: {ground!r} is no ground", f"Write {', '.join(GROUNDS)}.")
    context = open_context(home, as_json)
    customer_id = customer_of(context, user, customer)
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise UsageError("--yes: erasing cannot be undone, and nobody can be asked here", "Add --yes.")
        typer.confirm(f"Erase customer {customer_id}? It cannot be undone", abort=True, err=True)
    body = {"ground": ground, "asked_on": asked_on}
    _tell(context, user, f"/customers/{customer_id}/erasure", body)


@group.command()
def hold(
    customer: CustomerArgument,
    user: AsOption,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the data must be kept.")],
    basis: Annotated[str, typer.Option(metavar="TEXT", help="By which right: an order, a claim, an inquiry.")],
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day, where it is known.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Place a hold: nothing of the customer is erased while it is in force.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    customer_id = customer_of(context, user, customer)
    _tell(context, user, f"/customers/{customer_id}/holds", {"reason": reason, "basis": basis, "until": until})


@group.command()
def release(
    customer: CustomerArgument,
    user: AsOption,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why it need not be kept any longer.")],
    held: Annotated[str | None, typer.Option("--hold", metavar="ID", help="Which one, where several are.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Release a hold that somebody else placed.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    customer_id = customer_of(context, user, customer)
    holds = [one for one in _read(context, user, customer_id)["holds"] if held in (None, one["hold_id"])]
    if len(holds) != 1:
        ids = ", ".join(one["hold_id"] for one in holds) or "none"
        raise UsageError(f"Customer {customer_id}: {len(holds)} holds are in force ({ids})", "Name one by --hold ID.")
    _tell(context, user, f"/customers/{customer_id}/holds/{holds[0]['hold_id']}/release", {"why": why})


@group.command()
def status(
    customer: CustomerArgument, user: AsOption = "pia", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Show holds, duties to keep, and whether an erasure is possible now.

    JSON: as GET /customers/{customer}/privacy of intake.
    """
    context = open_context(home, as_json)
    found = _read(context, user, customer_of(context, user, customer))
    context.emit(found, lambda out: _show(out, found))


@group.command()
def due(user: AsOption = "pia", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List whose erasure is to be looked at: waiting, possible by now, due.

    JSON: a list, as GET /privacy/due of intake.
    """
    context = open_context(home, as_json)
    with context.client("intake", user) as intake:
        found: list[dict[str, Any]] = checked(intake.get("/privacy/due"))

    def show(out: Console) -> None:
        for one in found:
            out.print(Text.assemble((one["customer_id"], "bold"), f"  {WHY_DUE[one['why']]} ({day(one['since'])})"))
        if not found:
            out.print("Nothing is due.")

    context.emit(found, show)


@group.command("replay-erasures")
def replay_erasures(user: AsOption = "pia", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Erase again, by the log, whom a vault restored from a backup brought back.

    JSON: {"destroyed_again", "finished"}.
    """
    context = open_context(home, as_json)
    with context.client("intake", user) as intake:
        done = checked(intake.post("/privacy/replay-erasures"))
    told = f"Destroyed again: the keys of {done['destroyed_again']} customers. Finished: {done['finished']} erasures."
    context.emit(done, lambda out: out.print(told, highlight=False))


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    group.command("export")(privacy_export.export)
    group.command("rotate-master-key")(privacy_keys.rotate_master_key)
    app.add_typer(group, name="privacy")


def _read(context: Context, user: str, customer_id: UUID) -> dict[str, Any]:
    with context.client("intake", user) as intake:
        found: dict[str, Any] = checked(intake.get(f"/customers/{customer_id}/privacy"))
        return found


def _tell(context: Context, user: str, path: str, body: dict[str, Any]) -> None:
    with context.client("intake", user) as intake:
        outcome = tell(intake, path, body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def _show(out: Console, found: dict[str, Any]) -> None:
    out.print(Text.assemble("Customer ", (found["customer_id"], "bold"), f", cases: {found['cases']}"))
    if found["state"] != "none":
        who = found["approved_by"] or found["requested_by"]
        asked = f"{words(found['ground'])} (on {found['asked_on']})"
        out.print(Text.assemble("Erasure: ", (found["state"], "bold"), f" by {who}; {asked}"))
    for one in found["holds"]:
        until = f" until {one['until']}" if one["until"] else ""
        out.print(Text.assemble("Hold", (f"{until} by {one['placed_by']}: "), one_line(one["reason"])))
        out.print(Text(f"  {one_line(one['basis'])}  {one['hold_id']}", DIM))
    for one in found["duties"]:
        out.print(Text.assemble("Kept until ", (one["until"], "bold"), f": {one['category']}, {one['jurisdiction']}"))
        out.print(Text(f"  {one['law']}  case {one['case_id']}", DIM))
    against = found["obstacle"]
    if against:
        possible = f" Possible from {against['possible_on']}." if against["possible_on"] else ""
        out.print(Text.assemble(("Not to be erased now", "yellow"), f": {against['reason']}.{possible}"))
    elif found["state"] in ("none", "requested"):
        out.print(Text.assemble(("It can be erased", "green"), ": recourse privacy erase"))
