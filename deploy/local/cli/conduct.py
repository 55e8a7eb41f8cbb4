"""`recourse conduct`: measures on how a customer and we go on: take, appeal, review, lift, list."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import pages, read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.outcome import show_outcome
from deploy.local.cli.showing import DIM, more, one_line, words
from deploy.local.errors import UsageError

group = typer.Typer(no_args_is_help=True, help="Measures on how a customer and we go on: take, review, lift, list.")
MeasureOption = Annotated[
    str | None, typer.Option("--measure", metavar="ID", help="Which one, where several are in force.")
]
ChannelOption = Annotated[str | None, typer.Option("--open-channel", help="The channel that stays open.")]
ContactOption = Annotated[str | None, typer.Option("--contact", metavar="NAME", help="Who answers from now on.")]
TimesOption = Annotated[str | None, typer.Option("--times", metavar="TEXT", help="When we are there for them.")]
RECEIVED = "intake.message_received.v1"
OUTCOMES = ("kept", "changed", "lifted")


@group.command()
def take(
    case: CaseArgument,
    measure: Annotated[str, typer.Argument(metavar="MEASURE", help="warning, restricted_channel, ...")],
    user: AsOption,
    category: Annotated[str, typer.Option(help="persistence, demands, non_cooperation, arguments or behaviour.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; the customer is told as written.")],
    evidence: Annotated[
        list[str], typer.Option(metavar="MESSAGE", help="Its id, or its number in `recourse case`; again for more.")
    ],
    review_on: Annotated[str, typer.Option("--review-on", metavar="DAY", help="At most a year ahead, as 2027-05-24.")],
    adjustment: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What was offered first; again for more.")
    ] = None,
    open_channel: ChannelOption = None,
    contact: ContactOption = None,
    times: TimesOption = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Another customer who wrote in the case.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a measure: the customer is told why, until when, and how to appeal.

    What may be taken by whom, and what must come before, is in
    policies/conduct/measures.yaml. Nothing that the customer writes is lost.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    case_id = read_case(context, user, case)["case_id"]
    body = {
        "measure": measure,
        "category": category,
        "reason": reason,
        "evidence": [_message(context, user, case_id, one) for one in evidence],
        "adjustments": adjustment,
        "review_on": review_on,
        "open_channel": open_channel,
        "contact": contact,
        "times": times,
        "customer_id": customer,
    }
    _tell(context, user, f"/cases/{case_id}/conduct-measures", body)


@group.command()
def appeal(
    case: CaseArgument,
    user: AsOption,
    message: Annotated[
        str | None, typer.Option(metavar="ID", help="The message in which the customer says so.")
    ] = None,
    measure: MeasureOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Note an appeal: from now on only somebody who did not decide on it may.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    path = _path(context, user, case, measure)
    said = message and _message(context, user, read_case(context, user, case)["case_id"], message)
    _tell(context, user, f"{path}/appeal", {"message_id": said})


@group.command()
def review(
    case: CaseArgument,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="kept, changed or lifted.")],
    user: AsOption,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why; the customer is told as written.")],
    review_on: Annotated[
        str | None, typer.Option("--review-on", metavar="DAY", help="The next day of review, for one that stays.")
    ] = None,
    open_channel: ChannelOption = None,
    contact: ContactOption = None,
    times: TimesOption = None,
    measure: MeasureOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at a measure again: keep it, change it, or lift it.

    JSON: as of `decide`.
    """
    if outcome not in OUTCOMES:
        raise UsageError(f"OUTCOME: {outcome!r} is no outcome", f"Write {', '.join(OUTCOMES[:2])} or {OUTCOMES[2]}.")
    context = open_context(home, as_json)
    body = {
        "outcome": outcome,
        "why": why,
        "review_on": review_on,
        "open_channel": open_channel,
        "contact": contact,
        "times": times,
    }
    _tell(context, user, f"{_path(context, user, case, measure)}/review", body)


@group.command()
def lift(
    case: CaseArgument,
    user: AsOption,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why; the customer is told as written.")],
    measure: MeasureOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a measure before its review.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    _tell(context, user, f"{_path(context, user, case, measure)}/lift", {"why": why})


@group.command("list")
def list_(
    user: AsOption = "audra",
    due: Annotated[bool, typer.Option("--due", help="Only those to be reviewed now.")] = False,
    lifted: Annotated[bool, typer.Option("--lifted", help="Those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="Go on after the page before.")] = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List measures, the next day of review first.

    JSON: {"items", "next"}, as GET /conduct-measures of casebook gives them.
    """
    context = open_context(home, as_json)
    wanted = {"state": "lifted" if lifted else "in_force", "review_due": "true" if due else None, **asked(as_of)}
    with context.client("casebook", user) as book:
        found = pages(book, "/conduct-measures", limit=limit, after=after, **wanted)
    context.emit(found, lambda out: _show(out, found))


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="conduct")


def _path(context: Context, user: str, case: str, measure: str | None) -> str:
    """The path of the measure that is meant: by its id, else the only one in force."""
    known = [one for one in read_case(context, user, case)["conduct"] if one["state"] == "in_force"]
    if measure is not None:
        with context.client("casebook", user) as book:
            known += pages(book, "/conduct-measures")["items"]
        known = [one for one in known if one["measure_id"] == measure.lower()][:1]
    if len(known) != 1:
        ids = ", ".join(f"{one['measure_id']} ({words(one['measure'])})" for one in known) or "none"
        raise UsageError(f"Case {case}: {len(known)} measures are in force ({ids})", "Name one by --measure ID.")
    return f"/customers/{known[0]['customer_id']}/conduct-measures/{known[0]['measure_id']}"


def _message(context: Context, user: str, case_id: str, named: str) -> str:
    """The id of a message, named by it or by its number on the timeline."""
    if not named.isdecimal():
        return named
    with context.client("casebook", user) as book:
        events = pages(book, f"/cases/{case_id}/timeline")["items"]
    event = events[int(named) - 1] if 0 < int(named) <= len(events) else None
    if event is None or event["type"] != RECEIVED:
        raise UsageError(f"{named} is no message of a customer", "See the numbers in `recourse case CASE`.")
    found: str = event["about_id"]
    return found


def _tell(context: Context, user: str, path: str, body: dict[str, Any]) -> None:
    with context.client("intake", user) as intake:
        outcome = tell(intake, path, body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def _show(out: Console, found: dict[str, Any]) -> None:
    for one in found["items"]:
        marks = [("  review due", "yellow")] if one["review_due"] else []
        marks += [("  appealed", "yellow")] if one["appealed"] else []
        head = f" for {words(one['category'])}, review on {one['review_on']}"
        out.print(Text.assemble((words(one["measure"]), "bold"), head, *marks))
        out.print(Text(f"  by {one['taken_by']} ({one['role']}): {one_line(one['reason'])}", DIM))
        for what in ("measure", "case", "customer"):
            out.print(Text(f"  {what:8} {one[f'{what}_id']}", DIM))
    if not found["items"]:
        out.print("No measures.")
    more(out, "conduct list", found["next"])
