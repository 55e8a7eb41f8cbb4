"""`recourse promise found, confirm, dismiss`: what sounds like a promise in what our people said."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.outcome import show_outcome
from deploy.local.cli.promise import BackingOption, ReasonOption, group, read_backing, utc
from deploy.local.cli.showing import DIM, grid, one_line, when
from deploy.local.errors import UsageError

FoundArgument = Annotated[
    str | None, typer.Argument(metavar="ID", help="Which one; may be left out when the case has just one.")
]


def found(case: CaseArgument, user: AsOption = "audra", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List what agents said in a case that sounds like a promise, and nobody has confirmed or dismissed.

    JSON: [{"promise_id", "what", "words", "due", "said_at", "said_by",
    "channel", "confidence", "backed", "doubtful"}].
    """
    context = open_context(home, as_json)
    _, waiting = _waiting(context, user, case)
    context.emit(waiting, lambda out: _show(out, waiting))


def confirm(
    case: CaseArgument,
    user: AsOption,
    backing: BackingOption,
    promise_id: FoundArgument = None,
    due: Annotated[datetime | None, typer.Option(help="By when (UTC); the time that was said, if left out.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm that what was said is a promise, with what backs it; without backing it is refused.

    JSON: as of `promise make`.
    """
    body = {"backing": read_backing(backing), "due": utc(due)}
    _tell(open_context(home, as_json), user, case, promise_id, "confirmed", body)


def dismiss(
    case: CaseArgument,
    user: AsOption,
    reason: ReasonOption,
    promise_id: FoundArgument = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that what was said is no promise; words and reason stay on record.

    JSON: as of `promise make`.
    """
    _tell(open_context(home, as_json), user, case, promise_id, "dismissed", {"reason": reason})


def _waiting(context: Context, user: str, case: str) -> tuple[str, list[dict[str, Any]]]:
    case_id = read_case(context, user, case)["case_id"]
    with context.client("followup", user) as followup:
        listed: list[dict[str, Any]] = checked(followup.get(f"/cases/{case_id}/promises"))["found"]
    return case_id, listed


def _tell(context: Context, user: str, case: str, promise_id: str | None, what: str, body: dict[str, Any]) -> None:
    case_id, waiting = _waiting(context, user, case)
    if promise_id is None:
        if len(waiting) != 1:
            ids = ", ".join(one["promise_id"] for one in waiting) or "none"
            raise UsageError(f"Case {case} has {len(waiting)} found promises ({ids})", "Name one by its id.")
        promise_id = waiting[0]["promise_id"]
    with context.client("followup", user) as followup:
        outcome = tell(followup, f"/cases/{case_id}/promises/{promise_id}/{what}", body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def _show(out: Console, waiting: list[dict[str, Any]]) -> None:
    if not waiting:
        out.print("Nothing that was said waits to be confirmed as a promise.")
    for one in waiting:
        out.print(Text(one["promise_id"], "bold"))
        facts = grid(10, None)
        facts.add_row(Text("said", DIM), Text(one_line(one["what"])))
        facts.add_row(Text("by", DIM), Text(f"{one_line(one['said_by'])}, {when(one['said_at'])}, {one['channel']}"))
        facts.add_row(Text("due", DIM), Text(f"{when(one['due'])} ({one_line(one['words'])})"))
        flags = [] if one["backed"] else ["nothing backed it when it was said"]
        flags += ["two transcripts differ"] if one["doubtful"] else []
        if flags:
            facts.add_row(Text("careful", DIM), Text("; ".join(flags), "yellow"))
        out.print(facts)


def add_to(_app: typer.Typer) -> None:
    """Register the verbs in the group of promises."""
    for verb in (found, confirm, dismiss):
        group.command()(verb)
