"""`recourse promise`: make one, keep it with evidence, agree on another time, release it."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from deploy.local.cli.api import find_in_cases, read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, open_context
from deploy.local.cli.outcome import show_outcome
from deploy.local.errors import UsageError

OPEN = {"made", "at_risk", "broken", "renegotiated"}
PromiseArgument = Annotated[
    str, typer.Argument(metavar="PROMISE", help="Its id, or the code of a case with one open promise.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept on record.")]

BackingOption = Annotated[
    str, typer.Option("--backing", metavar="BACKING", help="clause:POLICY/CLAUSE stated in the case, or decision:ID.")
]

group = typer.Typer(no_args_is_help=True, help="Make a promise to a customer, keep it, move it, release it.")


@group.command()
def make(
    case: CaseArgument,
    what: Annotated[str, typer.Argument(help="What the customer will get.")],
    user: AsOption,
    backing: BackingOption,
    due: Annotated[datetime | None, typer.Option(help="By when (UTC); the usual time, if left out.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Promise something that a clause or a decision of this case backs; else it is refused.

    JSON: {"stream_id", "events": [{"event_id", "type", "version", "recorded_at"}]}.
    """
    rests_on = read_backing(backing)
    context = open_context(home, as_json)
    case_id = read_case(context, user, case)["case_id"]
    body = {"what": what, "backing": rests_on, "due": utc(due)}
    with context.client("followup", user) as followup:
        outcome = tell(followup, f"/cases/{case_id}/promises", body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


@group.command()
def keep(
    promise: PromiseArgument,
    user: AsOption,
    evidence: Annotated[str, typer.Option(metavar="TEXT", help="How one can see that it is kept.")],
    kept_at: Annotated[datetime | None, typer.Option("--kept-at", help="Since when (UTC); now, if left out.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a promise is kept, with evidence.

    JSON: as of `promise make`.
    """
    _tell(open_context(home, as_json), user, promise, "kept", {"evidence": evidence, "kept_at": utc(kept_at)})


@group.command()
def renegotiate(
    promise: PromiseArgument,
    user: AsOption,
    due: Annotated[datetime, typer.Option(help="The time that the customer agreed to (UTC).")],
    reason: ReasonOption,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record the later time that the customer agreed to.

    JSON: as of `promise make`.
    """
    _tell(open_context(home, as_json), user, promise, "renegotiated", {"due": utc(due), "reason": reason})


@group.command()
def release(
    promise: PromiseArgument, user: AsOption, reason: ReasonOption, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Record that the customer no longer holds us to it.

    JSON: as of `promise make`.
    """
    _tell(open_context(home, as_json), user, promise, "released", {"reason": reason})


def read_backing(written: str) -> dict[str, str]:
    """Read what a promise rests on; UsageError for anything else."""
    kind, separator, reference = written.partition(":")
    if kind not in ("clause", "decision") or not separator or not reference:
        raise UsageError(f"--backing: {written!r} is no backing", "Write clause:shop/R-1 or decision:EXCEPTION-ID.")
    return {"kind": kind, "reference": reference}


def utc(given: datetime | None) -> str | None:
    """A time that a person typed, as the APIs take it."""
    return given.replace(tzinfo=UTC).isoformat() if given else None


def say(context: Context, user: str, promise: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """Tell followup what became of a promise: kept, renegotiated or released."""
    found = find_in_cases(context, user, promise, "promises", "promise_id", OPEN)
    with context.client("followup", user) as followup:
        return tell(followup, f"/cases/{found['case_id']}/promises/{found['promise_id']}/{what}", body)


def _tell(context: Context, user: str, promise: str, what: str, body: dict[str, Any]) -> None:
    outcome = say(context, user, promise, what, body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(group, name="promise")
