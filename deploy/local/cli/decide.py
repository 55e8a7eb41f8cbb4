"""`recourse decide` and `recourse propose`: exceptions, asked for and decided on in a person's name."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from deploy.local.cli.api import find_in_cases, read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.outcome import AmountOption, money, show_outcome
from deploy.local.errors import UsageError


class Decision(StrEnum):
    """What can be decided."""

    APPROVE = "approve"
    REJECT = "reject"
    COUNTER = "counter"
    WITHDRAW = "withdraw"


def decide(
    exception: Annotated[
        str, typer.Argument(metavar="EXCEPTION", help="Its id, or the code of a case with one open exception.")
    ],
    decision: Annotated[Decision, typer.Argument(help="approve, reject, counter or withdraw.")],
    user: AsOption,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Why. Of a rejection or counter-offer the customer is told.")
    ],
    offer: Annotated[str | None, typer.Option(metavar="TEXT", help="What is offered instead (counter).")] = None,
    amount: AmountOption = None,
    condition: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="A condition of an approval; may be given again.")
    ] = None,
    valid_until: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="By when it must be used or taken, as 2026-12-24T16:00:00Z."),
    ] = None,
    on_behalf_of: Annotated[
        str | None, typer.Option(metavar="USER", help="Whose authority is used; both are recorded.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide on an exception.

    An attempt without the authority is refused, and the attempt is on record.

    JSON: {"stream_id", "events": [{"event_id", "type", "version", "recorded_at"}]}.
    """
    context = open_context(home, as_json)
    body: dict[str, Any] = {"decision": decision.value, "note" if decision is Decision.APPROVE else "reason": note}
    extra = {
        "offer": offer,
        "amount": money(amount),
        "conditions": condition or None,
        "valid_until": valid_until,
        "on_behalf_of": on_behalf_of,
    }
    fitting = {
        Decision.APPROVE: {"amount", "conditions", "valid_until", "on_behalf_of"},
        Decision.REJECT: {"on_behalf_of"},
        Decision.COUNTER: {"offer", "amount", "valid_until", "on_behalf_of"},
        Decision.WITHDRAW: set(),
    }[decision]
    for name, value in extra.items():
        if value is not None and name not in fitting:
            option = "--" + name.removesuffix("s").replace("_", "-")
            raise UsageError(f"{option} means nothing with {decision}", "Leave it out.")
    if decision is Decision.COUNTER and not offer:
        raise UsageError("--offer is missing", "Say what is offered instead.")
    outcome = decided(context, user, exception, {**body, **extra})
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def decided(context: Context, user: str, exception: str, body: dict[str, Any]) -> dict[str, Any]:
    """Decide as `user` with the body that approvals takes; UsageError with the reason if it is refused."""
    found = find_in_cases(context, user, exception, "approvals", "exception_id", {"requested"})
    with context.client("approvals", user) as approvals:
        return tell(approvals, f"/cases/{found['case_id']}/exceptions/{found['exception_id']}/decision", body)


def propose(
    case: CaseArgument,
    user: AsOption,
    deviation: Annotated[str, typer.Option(metavar="TEXT", help="What is asked for beyond the policy.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it would be right.")],
    request: Annotated[
        str | None, typer.Option(metavar="ID", help="The customer's request; the newest refused one, if left out.")
    ] = None,
    clause: Annotated[
        str | None, typer.Option(help="The clause to deviate from; the one that refused it, if left out.")
    ] = None,
    amount: AmountOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for an exception to the policy, in the name of an agent.

    JSON: as of `decide`.
    """
    context = open_context(home, as_json)
    body = {"deviation": deviation, "reason": reason, "clause": clause, "amount": money(amount), "request_id": request}
    outcome = proposed(context, user, case, body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def proposed(context: Context, user: str, case: str, body: dict[str, Any]) -> dict[str, Any]:
    """Propose as `user` with the body that triage takes; the request is the case's newest unless the body names it."""
    case_id = read_case(context, user, case)["case_id"]
    with context.client("triage", user) as triage:
        if body.get("request_id") is None:
            body = {**body, "request_id": _newest_request(checked(triage.get(f"/cases/{case_id}/requests")), case)}
        return tell(triage, f"/cases/{case_id}/exceptions", body)


def _newest_request(requests: list[dict[str, Any]], case: str) -> str:
    if not requests:
        raise UsageError(f"In case {case} the customer asks for nothing", "Correct the reading: recourse correct.")
    refused = [one for one in requests if one["refused_by"]]
    return str((refused or requests)[-1]["request_id"])


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command()(decide)
    app.command()(propose)
