"""`recourse clock`: every second of a case's clocks explained; pause one, resume it, give it another target."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.outcome import show_outcome
from deploy.local.cli.showing import DIM, grid, one_line, plain, state, when, words
from deploy.local.errors import UsageError

SHOWN = 60
UNITS = ("minutes", "hours", "working_hours", "working_days", "calendar_days", "weeks", "months")
ClockArgument = Annotated[str, typer.Argument(metavar="CLOCK", help="The clock's name, such as resolution.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept on record.")]

group = typer.Typer(no_args_is_help=True, help="Explain a case's clocks, pause and resume them, change a target.")


@group.command()
def explain(
    case: CaseArgument,
    clock: Annotated[str | None, typer.Argument(metavar="CLOCK", help="Only this clock.")] = None,
    user: AsOption = "audra",
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """Label every second: running, paused and why, or closed; by which event, and who held it.

    JSON: {"case_id", "at", "clocks"}, as GET /cases/{case}/clocks of followup
    gives them: each clock with its "spans", "seconds" and "held_seconds".
    """
    context = open_context(home, as_json)
    wanted = asked(as_of)
    case_id = read_case(context, user, case, wanted)["case_id"]
    if clock:
        wanted["clock"] = clock
    with context.client("followup", user) as followup:
        found = checked(followup.get(f"/cases/{case_id}/clocks", params=wanted))
    if clock and not found["clocks"]:
        raise UsageError(f"Case {case} has no clock {clock}", "See `recourse clock explain CASE`.")
    context.emit(found, lambda out: show_clocks(out, found))


@group.command()
def pause(
    case: CaseArgument,
    clock: ClockArgument,
    user: AsOption,
    reason: ReasonOption,
    held_by: Annotated[str, typer.Option("--held-by", metavar="WHO", help="Who has it meanwhile, such as carrier.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a clock stand still until a person resumes it.

    JSON: as of `promise make`.
    """
    _tell(open_context(home, as_json), user, case, clock, "pause", {"reason": reason, "held_by": held_by})


@group.command()
def resume(
    case: CaseArgument,
    clock: ClockArgument,
    user: AsOption,
    reason: ReasonOption,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a paused clock run again; what it stood still is added to its due time.

    JSON: as of `promise make`.
    """
    _tell(open_context(home, as_json), user, case, clock, "resume", {"reason": reason})


@group.command()
def retarget(
    case: CaseArgument,
    clock: ClockArgument,
    target: Annotated[str, typer.Argument(metavar="TARGET", help=f"Such as '80 working_hours'. {', '.join(UNITS)}.")],
    user: AsOption,
    reason: ReasonOption,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a clock another target, as supervisor or manager; what has passed counts as before.

    JSON: as of `promise make`.
    """
    _tell(open_context(home, as_json), user, case, clock, "retarget", {"target": read_target(target), "reason": reason})


def read_target(written: str) -> dict[str, Any]:
    """Read a target such as `3 working_days close_of_work`; UsageError for anything else."""
    amount, _, rest = written.strip().partition(" ")
    unit, *more = rest.split() or [""]
    known = {"close_of_work", "rolls"}
    if not amount.replace(".", "", 1).isdigit() or unit not in UNITS or not known >= set(more):
        raise UsageError(f"TARGET: {written!r} is no target", f"Write number and unit; units: {', '.join(UNITS)}.")
    ends = "close_of_work" if "close_of_work" in more else "midnight"
    return {"amount": float(amount), "unit": unit, "ends": ends, "rolls": "rolls" in more}


def show_clocks(out: Console, found: dict[str, Any]) -> None:
    """Print clocks with their spans; sums are exact to the second."""
    if not found["clocks"]:
        out.print("No clocks run on this case.")
    for number, clock in enumerate(found["clocks"]):
        if number:
            out.print()
        _show(out, clock)


def _show(out: Console, clock: dict[str, Any]) -> None:
    target = clock["target"]
    out.print(Text.assemble((plain(clock["clock"]), "bold"), "  ", state(clock["status"]), f"  ({clock['metric']})"))
    facts = grid(10, None)
    due = when(clock["due"]) or "none while it is paused"
    moved = "" if clock["due"] == clock["original_due"] else f", originally {when(clock['original_due'])}"
    facts.add_row(Text("due", DIM), Text(f"{due}{moved}"))
    limit = f"{target['amount']:g} {words(target['unit'])} of {clock['calendar']} {clock['calendar_version'][:8]}"
    facts.add_row(Text("target", DIM), Text(plain(limit)))
    if clock["breached_at"]:
        facts.add_row(Text("ran out", DIM), Text(when(clock["breached_at"]), "red"))
    for alarm in clock["alarms"]:
        facts.add_row(Text("told", DIM), Text(f"{when(alarm['at'])} {one_line(alarm['level'])}"))
    out.print(facts)
    table = grid(16, 12, 7, 10, None)
    table.add_row("from (UTC)", "for", "state", "held by", "why", style=DIM)
    for span in clock["spans"][:SHOWN]:
        row = when(span["start"]), _long(span["seconds"]), span["state"], one_line(span["held_by"])
        table.add_row(*row, Text(_why(span), DIM))
    out.print(table)
    if len(clock["spans"]) > SHOWN:
        out.print(Text(f"{len(clock['spans']) - SHOWN} more spans: --json", DIM))
    sums = ", ".join(f"{name} {_long(seconds)}" for name, seconds in clock["seconds"].items())
    out.print(Text(f"sum {_long(sum(clock['seconds'].values()))}: {sums}"))
    if clock["held_seconds"]:
        held = ", ".join(f"{one_line(who)} {_long(seconds)}" for who, seconds in clock["held_seconds"].items())
        out.print(Text(f"held by: {held}"))


def _why(span: dict[str, Any]) -> str:
    if span["state"] == "closed":
        return "closed hours"
    cause = f"{span['cause']} {span['cause_id'][-6:]}" if span["cause_id"] else span["cause"]
    return "; ".join(one_line(part) for part in (span["reason"], cause, span["by"]) if part)


def _long(seconds: float) -> str:
    whole = timedelta(seconds=round(seconds))
    hours, rest = divmod(whole.seconds, 3600)
    minutes, left = divmod(rest, 60)
    days = f"{whole.days}d " if whole.days else ""
    return f"{days}{hours}:{minutes:02}:{left:02}"


def _tell(context: Context, user: str, case: str, clock: str, what: str, body: dict[str, Any]) -> None:
    case_id = read_case(context, user, case)["case_id"]
    with context.client("followup", user) as followup:
        outcome = tell(followup, f"/cases/{case_id}/clocks/{quote(clock, safe='')}/{what}", body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(group, name="clock")
