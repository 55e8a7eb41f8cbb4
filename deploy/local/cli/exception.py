"""`recourse exception`: precedents before a decision, a new proposal in the place of one, and what became of it."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import find_in_cases, tell
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.outcome import AmountOption, money, show_outcome
from deploy.local.cli.showing import DIM, one_line, price, state, when, words
from deploy.local.errors import UsageError

group = typer.Typer(no_args_is_help=True, help="Around a decision: precedents, a new proposal, what became of it.")
ExceptionArgument = Annotated[
    str, typer.Argument(metavar="EXCEPTION", help="Its id, or the code of a case with one that fits.")
]


@group.command()
def precedents(
    exception: ExceptionArgument, user: AsOption, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Show how like exceptions were decided; that you were shown them, and which, is on record.

    JSON: {"exception_id", "shown_to", "precedents": [...]}, the most alike first.
    """
    context = open_context(home, as_json)
    path = _path(context, user, exception, {"requested"})
    with context.client("approvals", user) as approvals:
        found = checked(approvals.post(f"{path}/precedents"))
    context.emit(found, lambda out: _show(out, found))


@group.command()
def supersede(
    exception: ExceptionArgument,
    user: AsOption,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the new one is right.")],
    deviation: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What is asked for; as before, if left out.")
    ] = None,
    amount: AmountOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put another proposal in the place of your own: a proposal is never edited, and the old one is never decided.

    JSON: as of `decide`.
    """
    body = {"reason": reason, "deviation": deviation, "amount": money(amount)}
    _tell(open_context(home, as_json), user, exception, {"requested"}, "supersede", body)


@group.command()
def answer(
    exception: ExceptionArgument,
    said: Annotated[str, typer.Argument(metavar="ANSWER", help="accepted or declined.")],
    user: AsOption,
    message: Annotated[str, typer.Option(metavar="ID", help="The message in which the customer says so.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Note what the customer says to a counter-offer; what is accepted becomes a promise.

    JSON: as of `decide`.
    """
    if said not in ("accepted", "declined"):
        raise UsageError(f"ANSWER: {said!r} is no answer", "Write accepted or declined.")
    body = {"accepted": said == "accepted", "message_id": message}
    _tell(open_context(home, as_json), user, exception, {"countered"}, "counter-answer", body)


@group.command()
def used(
    exception: ExceptionArgument,
    user: AsOption,
    evidence: Annotated[str, typer.Option(metavar="TEXT", help="How it is known, such as a refund's number.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Note that what was approved has been carried out, so that it does not lapse.

    JSON: as of `decide`.
    """
    _tell(open_context(home, as_json), user, exception, {"approved"}, "use", {"evidence": evidence})


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="exception")


def _path(context: Context, user: str, exception: str, states: set[str]) -> str:
    found = find_in_cases(context, user, exception, "approvals", "exception_id", states)
    return f"/cases/{found['case_id']}/exceptions/{found['exception_id']}"


def _tell(context: Context, user: str, exception: str, states: set[str], what: str, body: dict[str, Any]) -> None:
    path = _path(context, user, exception, states)
    with context.client("approvals", user) as approvals:
        outcome = tell(approvals, f"{path}/{what}", body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def _show(out: Console, found: dict[str, Any]) -> None:
    if not found["precedents"]:
        out.print("Nothing like it has been decided.")
    for one in found["precedents"]:
        alike = f"{round(one['similarity'] * 100)} % alike  "
        by = " and ".join(one["decided_by"])
        line = f"  {price(one.get('amount'))}  {when(one['decided_at'])} by {by} ({one['role']})"
        out.print(Text.assemble((alike, "bold"), state(one["outcome"]), line))
        out.print(Text(f"  {one_line(one['deviation'])}: {one_line(one['note'])}"))
        out.print(Text(f"  {words('; '.join(one['alike_in']))}", DIM))
    out.print(Text(f"On record: {found['shown_to']} was shown these.", DIM))
