"""`recourse delegate`: let somebody decide in one's place for some days, end that, and list who decides for whom."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import tell
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.outcome import AmountOption, money, show_outcome
from deploy.local.cli.showing import DIM, one_line, price

group = typer.Typer(no_args_is_help=True, help="Let somebody decide in one's place, end that, list who may.")


@group.command()
def give(
    delegate: Annotated[str, typer.Argument(metavar="USER", help="Who decides in your place.")],
    user: AsOption,
    role: Annotated[str, typer.Option(help="Which of your own roles.")],
    first_day: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, as 2026-12-01.")],
    last_day: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day, included.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    kind: Annotated[list[str] | None, typer.Option(help="A demand kind; again for more; all, if left out.")] = None,
    clause: Annotated[
        list[str] | None, typer.Option(metavar="POLICY/CLAUSE", help="A clause; again for more; all, if left out.")
    ] = None,
    cap: AmountOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let USER decide with one of your roles; --amount caps what they may decide on. Both names are on record.

    Only a role that you hold yourself: what was delegated to you is not passed on.

    JSON: as of `decide`; "stream_id" is the delegation's id.
    """
    context = open_context(home, as_json)
    body = {
        "delegate": delegate,
        "role": role,
        "kinds": kind,
        "clauses": clause,
        "cap": money(cap),
        "first_day": first_day,
        "last_day": last_day,
        "reason": reason,
    }
    with context.client("approvals", user) as approvals:
        outcome = tell(approvals, "/delegations", body)

    def show(out: Console) -> None:
        show_outcome(out, outcome)
        out.print(Text(f"delegation {outcome['stream_id']}"))

    context.emit(outcome, show)


@group.command()
def end(
    delegation: Annotated[str, typer.Argument(metavar="ID", help="The delegation, as `list` shows it.")],
    user: AsOption,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a delegation at once: one's own, one that one got, or, for the highest level, anybody's.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    with context.client("approvals", user) as approvals:
        outcome = tell(approvals, f"/delegations/{delegation}/end", {"reason": reason})
    context.emit(outcome, lambda out: show_outcome(out, outcome))


@group.command("list")
def list_(
    user: AsOption = "audra", home: HomeOption = None, as_json: JsonOption = False, as_of: AsOfOption = None
) -> None:
    """List who decides for whom; agents and supervisors see their own.

    JSON: a list, as GET /delegations of approvals gives it.
    """
    context = open_context(home, as_json)
    with context.client("approvals", user) as approvals:
        found = checked(approvals.get("/delegations", params=asked(as_of)))
    context.emit(found, lambda out: _show(out, found))


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    for one in found:
        state = "in force" if one["in_force"] else "ended" if one["ended_at"] else "not in force"
        colour = "green" if one["in_force"] else DIM
        cap = f", up to {price(one['cap'])}" if one["cap"] else ""
        days = f"{one['first_day']} to {one['last_day']}"
        head = f"  {one['delegate']} for {one['principal']} as {one['role']}, {days}{cap}"
        out.print(Text.assemble((one["delegation_id"] or "in the matrix", "bold"), head, "  ", (state, colour)))
        scope = f"kinds {', '.join(one['kinds'])}; clauses {', '.join(one['clauses'])}"
        out.print(Text(f"  {scope}" + (f"; {one_line(one['reason'])}" if one["reason"] else ""), DIM))
    if not found:
        out.print("No delegations.")


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="delegate")
