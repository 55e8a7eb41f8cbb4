"""`recourse case`: one case and its timeline: who did what, why, and what caused it."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from deploy.local.cli.api import PRESENT, pages, read_case
from deploy.local.cli.case_diff import compared, show_diff
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, open_context
from deploy.local.cli.instant import AsOfOption, asked, note
from deploy.local.cli.showing import DIM, clock, day, grid, one_line, plain, price, state, when, words
from deploy.local.cli.texts import texts_of
from deploy.local.errors import UsageError

COLUMNS = (4, 8, 10, 4, None)
# What services note for themselves; it repeats what others recorded.
BOOKKEEPING = {
    "followup.case_taken_up.v1",
    "followup.message_noted.v1",
    "followup.matter_noted.v1",
    "intake.case_closure_noted.v1",
}
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="A case's id or tracking code.")]


def case(
    name: CaseArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "audra",
    short: Annotated[bool, typer.Option("--short", help="Only the beginning of each message.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also what services only note for themselves.")] = False,
    as_of: AsOfOption = None,
    as_effective_at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="What had been said by then, even if recorded later.", show_default=False),
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(metavar="A..B", help="What changed between two instants; .. to now, or from the beginning."),
    ] = None,
) -> None:
    """Show a case: how it stands, and everything that happened, in order over all services.

    Each event has a number; `from` is the number of the event that caused it.
    Messages are shown whole if the user may read the logs (auditor, ops).

    JSON: the case as GET /cases/{case} of casebook gives it, and "timeline":
    [an event as GET /cases/{case}/timeline gives it, and "text", the message
    or boundary whole, or null]. With --diff {"case_id", "tracking_code",
    "before", "after", "changes": [{"field", "before", "after"}], "events"}.
    """
    context = open_context(home, as_json)
    if diff is not None:
        if as_of or as_effective_at:
            raise UsageError("--diff: it names both instants itself", "Leave --as-of and --as-effective-at out.")
        changed = compared(context, user, name, diff)
        context.emit(changed, lambda out: show_diff(out, changed, () if everything else BOOKKEEPING))
        return
    past = asked(as_of, as_effective_at)
    found = case_with_timeline(context, user, name, short=short, past=past)

    def shown(out: Console) -> None:
        if told := note(past):
            out.print(Text(told, "bold yellow"))
        show(out, found, everything=everything)

    context.emit(found, shown)


def case_with_timeline(
    context: Context, user: str, name: str, *, short: bool = False, past: Mapping[str, str] = PRESENT
) -> dict[str, Any]:
    """A case as it stands, or as it was known, with its `timeline`; UsageError if there is none."""
    found = read_case(context, user, name, past)
    with context.client("casebook", user) as book:
        events = pages(book, f"/cases/{found['case_id']}/timeline", limit=None, after=None, **past)["items"]
    texts = {} if short else texts_of(context, user, events)
    return {**found, "timeline": [{**event, "text": texts.get(event["event_id"])} for event in events]}


def show(
    out: Console, found: Mapping[str, Any], *, everything: bool = False, only: Collection[str] | None = None
) -> None:
    """Print a case and its timeline, without what services only note for themselves unless `everything` is wanted.

    `only` are the ids of the events to show, if not all.
    """
    out.print(Text.assemble((found["tracking_code"], "bold"), "  ", state(found["status"])))
    facts = grid(10, None)
    about = ", ".join(filter(None, (words(found["kind"]), found["tone"], price(found["amount"]))))
    rows = {
        "subject": one_line(found["subject"]),
        "about": about,
        "customer": f"{one_line(found['customer_name'] or 'no name')}, by {found['channel']}",
        "helps": "; ".join(one_line(one["support"]) for one in found.get("vulnerabilities", ())),
        "conduct": "; ".join(
            f"{words(one['measure'])}, review on {one['review_on']}"
            for one in found.get("conduct", ())
            if one["state"] == "in_force"
        ),
        "opened": f"{when(found['opened_at'])}, answer due {when(found['answer_due'])}",
        "messages": f"{found['messages_in']} in, {found['messages_out']} out",
        "exceptions": ", ".join(words(one["state"]) for one in found["approvals"]),
        "promises": "; ".join(
            f"{one_line(one['what'])} by {when(one['due'])}: {words(one['state'])}" for one in found["promise_list"]
        ),
        "case id": found["case_id"],
    }
    for label, value in rows.items():
        if value:
            facts.add_row(Text(label, DIM), Text(value))
    out.print(Padding(facts, (0, 0, 1, 0)))
    numbers = {event["event_id"]: number for number, event in enumerate(found["timeline"], 1)}
    today = ""
    wanted = [event for event in found["timeline"] if only is None or event["event_id"] in only]
    shown = [event for event in wanted if everything or event["type"] not in BOOKKEEPING]
    for event in shown:
        if day(event["recorded_at"]) != today:
            today = day(event["recorded_at"])
            heading = grid(*COLUMNS)
            heading.add_row("#", "UTC", "who", "from", today, style=DIM)
            out.print(heading)
        table = grid(*COLUMNS)
        table.add_row(
            str(numbers[event["event_id"]]),
            clock(event["recorded_at"]),
            plain(event["who"]).removeprefix("system:"),
            Text(_cause(event, numbers), DIM),
            _what(event),
        )
        out.print(table)
    if len(shown) < len(wanted):
        out.print(Text(f"{len(wanted) - len(shown)} notes of services to themselves: --all", DIM))


def _cause(event: Mapping[str, Any], numbers: Mapping[str, int]) -> str:
    cause = event["caused_by"]
    number = numbers.get(cause["event_id"]) if cause else None
    return str(number or "")


def _what(event: Mapping[str, Any]) -> Text:
    what = Text()
    if event["text"]:
        what.append(one_line(event["what"]).partition(": ")[0] + ":\n")
        what.append(plain(event["text"]).strip(), "cyan")
    else:
        what.append(one_line(event["what"]))
    if event["on_behalf_of"]:
        what.append(f"\non behalf of {plain(event['on_behalf_of'])}", DIM)
    if event["why"]:
        what.append(f"\nwhy: {one_line(event['why'])}", DIM)
    if event["received_at"] and when(event["received_at"]) != when(event["recorded_at"]):
        what.append(f"\nsaid {when(event['received_at'])}", DIM)
    return what


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(case)
