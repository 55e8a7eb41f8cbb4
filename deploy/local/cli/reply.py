"""`recourse reply` with its verbs, `correct` and `resolve`: what an agent does in a case."""

from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from deploy.local.cli import reply_check, reply_drafts, reply_evaluate
from deploy.local.cli.api import read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.outcome import AmountOption, money, show_outcome
from deploy.local.errors import UsageError

DRAFTED = "intake.reply_drafted.v1"


class ReplyGroup(TyperGroup):
    """The verbs of replying; without one, a reply is sent: `recourse reply CASE TEXT`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take what names no verb as a reply to send."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["send", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=ReplyGroup,
    no_args_is_help=True,
    help="Answer a customer: `recourse reply CASE TEXT --as USER`; check drafts, and release those of others.",
)


def send(
    case: CaseArgument,
    text: Annotated[str, typer.Argument(help="What the customer is told.")],
    user: AsOption,
    kind: Annotated[
        str | None, typer.Option(help="Such as final_response: it waits for somebody else in every case.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a customer, by the channel of the case.

    In a regulated case, or of a kind such as final_response, the reply waits
    until somebody else releases it.

    JSON: {"stream_id", "events": [{"event_id", "type", "version", "recorded_at"}]}.
    """
    context = open_context(home, as_json)
    case_id = read_case(context, user, case)["case_id"]
    with context.client("intake", user) as intake:
        outcome = tell(intake, f"/cases/{case_id}/replies", {"text": text, "kind": kind})
    context.emit(outcome, lambda out: _show_sent(out, outcome))


def correct(
    case: CaseArgument,
    user: AsOption,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it must be read otherwise.")],
    message: Annotated[
        str | None, typer.Option(metavar="ID", help="The message; the newest one that asks for something, if left out.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="What is demanded, the leading kind first; may be given again.")
    ] = None,
    remedy: Annotated[str | None, typer.Option(help="What is wanted, such as refund.")] = None,
    urgency: Annotated[str | None, typer.Option(help="low, normal, high or critical.")] = None,
    tone: Annotated[str | None, typer.Option(help="calm, impatient, frustrated, angry or abusive.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639 code.")] = None,
    amount: AmountOption = None,
    days_since_purchase: Annotated[int | None, typer.Option(metavar="DAYS", min=0)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Correct how a message was read; the policy then answers the corrected reading.

    JSON: as of `reply send`.
    """
    context = open_context(home, as_json)
    case_id = read_case(context, user, case)["case_id"]
    body: dict[str, Any] = {
        "reason": reason,
        "kinds": kind or None,
        "remedy": remedy,
        "urgency": urgency,
        "tone": tone,
        "language": language,
        "amount": money(amount),
        "days_since_purchase": days_since_purchase,
    }
    with context.client("triage", user) as triage:
        assessments = checked(triage.get(f"/cases/{case_id}/assessments"))
        message_id = message or _newest(assessments, case)
        outcome = tell(triage, f"/cases/{case_id}/assessments/{message_id}/correction", body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def resolve(
    case: CaseArgument,
    user: AsOption,
    how: Annotated[str, typer.Option(metavar="TEXT", help="How the matter was answered.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a case's matter is answered; refused while a promise or an exception is open.

    JSON: as of `reply send`.
    """
    context = open_context(home, as_json)
    case_id = read_case(context, user, case)["case_id"]
    with context.client("followup", user) as followup:
        outcome = tell(followup, f"/cases/{case_id}/resolution", {"how": how})
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def _show_sent(out: Console, outcome: dict[str, Any]) -> None:
    show_outcome(out, outcome)
    if any(event["type"] == DRAFTED for event in outcome["events"]):
        out.print("The reply waits until somebody else releases it (recourse reply drafts).")


def _newest(assessments: list[dict[str, Any]], case: str) -> str:
    if not assessments:
        raise UsageError(f"No message of case {case} has been read yet", "Look again in a moment: recourse case.")
    asking = [one for one in assessments if one.get("request_id")] or assessments
    return str(asking[-1]["message_id"])


def add_to(app: typer.Typer) -> None:
    """Register the verbs, and those of replying as a group."""
    group.command()(send)
    for part in (reply_check, reply_drafts, reply_evaluate):
        part.add_to(group)
    app.add_typer(group, name="reply")
    for verb in (correct, resolve):
        app.command()(verb)
