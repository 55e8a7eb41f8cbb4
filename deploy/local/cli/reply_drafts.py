"""`recourse reply drafts`, `release` and `return`: the second pair of eyes on replies of regulated cases."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import PRESENT, read_case, tell
from deploy.local.cli.case import CaseArgument
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.instant import AsOfOption, asked
from deploy.local.cli.outcome import show_outcome
from deploy.local.cli.showing import DIM, one_line, plain, when, words
from deploy.local.errors import UsageError

DraftOption = Annotated[
    str | None, typer.Option("--draft", metavar="ID", help="The draft; the one that waits, if left out.")
]


def drafts(
    user: AsOption,
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", help="A case's id or tracking code.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_of: AsOfOption = None,
) -> None:
    """Show the replies that wait for somebody else: of all cases, or all of one.

    JSON: the list as GET /drafts or GET /cases/{case_id}/drafts of intake
    gives it.
    """
    context = open_context(home, as_json)
    past = asked(as_of)
    if case is None:
        if past:
            raise UsageError("--as-of: the drafts of all cases are told of now only", "Name a CASE.")
        with context.client("intake", user) as intake:
            waiting: list[dict[str, Any]] = checked(intake.get("/drafts"))
        context.emit(waiting, lambda out: _list(out, waiting))
        return
    found = _drafts(context, user, read_case(context, user, case, past)["case_id"], past)
    context.emit(found, lambda out: _show(out, found))


def release(
    case: CaseArgument,
    user: AsOption,
    draft: DraftOption = None,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why it may leave; needed where the check found an error.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a draft that somebody else wrote leave as it stands.

    JSON: as of `reply send`.
    """
    _settle(open_context(home, as_json), user, case, draft, "release", {"note": note})


def send_back(
    case: CaseArgument,
    user: AsOption,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What must change.")],
    draft: DraftOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a draft back to its writer; it never leaves.

    JSON: as of `reply send`.
    """
    _settle(open_context(home, as_json), user, case, draft, "return", {"reason": reason})


def _settle(context: Context, user: str, case: str, draft: str | None, how: str, body: dict[str, Any]) -> None:
    case_id = read_case(context, user, case)["case_id"]
    named = draft or _waiting(_drafts(context, user, case_id), case)
    with context.client("intake", user) as intake:
        outcome = tell(intake, f"/cases/{case_id}/drafts/{named}/{how}", body)
    context.emit(outcome, lambda out: show_outcome(out, outcome))


def _drafts(context: Context, user: str, case_id: str, past: Mapping[str, str] = PRESENT) -> list[dict[str, Any]]:
    with context.client("intake", user) as intake:
        found: list[dict[str, Any]] = checked(intake.get(f"/cases/{case_id}/drafts", params=dict(past)))
        return found


def _waiting(found: list[dict[str, Any]], case: str) -> str:
    waiting = [one["draft_id"] for one in found if one["became"] == "waiting"]
    if len(waiting) != 1:
        ids = ", ".join(waiting) or "none"
        raise UsageError(f"Case {case} has {len(waiting)} waiting drafts ({ids})", "Name one with --draft.")
    return str(waiting[0])


def _list(out: Console, waiting: list[dict[str, Any]]) -> None:
    for one in waiting:
        what = f"{one['tracking_code']}  since {when(one['drafted_at'])}, drafted by {one['drafted_by']}"
        out.print(Text(f"{what} ({words(one['category'])}, {one['channel']})"), soft_wrap=True)
    if not waiting:
        out.print("No draft waits.")


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    for one in found:
        by = f" by {one['settled_by']}" if one["settled_by"] else ""
        head = f"{one['draft_id']}  {one['became']}{by}, drafted by {one['drafted_by']} ({words(one['category'])})"
        out.print(Text(head, "bold"), soft_wrap=True)
        out.print(Text(plain(one["text"]), "cyan"))
        for finding in one["findings"]:
            line = f"{finding['severity']} {words(finding['rule'])}: {one_line(finding['problem'])}"
            out.print(Text(line, DIM), soft_wrap=True)
        if not one["checked"]:
            out.print(Text("not checked: triage did not answer", DIM))
        if one["why"]:
            out.print(Text(f"why: {one_line(one['why'])}", DIM), soft_wrap=True)
    if not found:
        out.print("No draft.")


def add_to(group: typer.Typer) -> None:
    """Register the verbs."""
    group.command()(drafts)
    group.command()(release)
    group.command("return")(send_back)
