"""`recourse reflect`: an agent notes what a case has taught."""

from typing import Annotated

import typer

from deploy.local.cli.api import read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, HomeOption, JsonOption, open_context
from deploy.local.cli.outcome import show_outcome


def reflect(
    case: CaseArgument,
    what_helped: Annotated[str, typer.Argument(metavar="TEXT", help="What helped in this case.")],
    user: AsOption,
    change: Annotated[str | None, typer.Option(metavar="TEXT", help="What should change.")] = None,
    clause: Annotated[
        str | None, typer.Option(metavar="POLICY/CLAUSE", help="The clause that it is about, such as shop/R-3.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Note what a case has taught; `recourse insights` gathers it by clause.

    JSON: {"stream_id", "events": [{"event_id", "type", "version", "recorded_at"}]}.
    """
    context = open_context(home, as_json)
    case_id = read_case(context, user, case)["case_id"]
    body = {"what_helped": what_helped, "what_should_change": change, "clause": clause}
    with context.client("followup", user) as followup:
        outcome = tell(followup, f"/cases/{case_id}/reflections", body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(reflect)
