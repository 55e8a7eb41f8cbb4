"""`recourse dead-letters`: events that a service could not handle, over all services."""

from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.showing import DIM, grid, one_line, plain, state, when
from deploy.local.errors import UsageError
from deploy.local.identity import SERVICES

LetterArgument = Annotated[str, typer.Argument(metavar="ID", help="A dead letter's id; see `dead-letters list`.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept on record.")]

group = typer.Typer(no_args_is_help=True, help="Events that a service could not handle: look, retry, discard.")


@group.command("list")
def list_(
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "oli",
    state_: Annotated[str, typer.Option("--state", help="parked, retried, discarded, or all.")] = "parked",
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many of each service.")] = 100,
) -> None:
    """List dead letters of all services, oldest first; without --state those that are parked.

    JSON: [{"service", and what GET /dead-letters of that service gives}].
    """
    context = open_context(home, as_json)
    found = letters(context, user, None if state_ == "all" else state_, limit)
    context.emit(found, lambda out: _show_list(out, found))


@group.command()
def show(letter: LetterArgument, home: HomeOption = None, as_json: JsonOption = False, user: AsOption = "oli") -> None:
    """Show one dead letter: the event, the error, and every act on it.

    JSON: {"service", and what GET /dead-letters/{id} of that service gives}.
    """
    context = open_context(home, as_json)
    found = _find(context, user, letter)
    context.emit(found, lambda out: _show_one(out, found))


@group.command()
def retry(
    letter: LetterArgument,
    reason: ReasonOption,
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "oli",
) -> None:
    """Handle all parked events of the letter's case again, in order; ends at the first that fails again.

    The exit code is 1 if that one failed again.

    JSON: {"retried": how many went through, "parked": how many of the case are left}.
    """
    context = open_context(home, as_json)
    found = _find(context, user, letter)
    done = _act(context, user, found, "retry", reason)["retried"]
    left = [one for one in letters(context, user, "parked", 1000) if _beside(one, found)]
    words = f"{done} handled, {len(left)} of this case still parked."
    context.emit({"retried": done, "parked": len(left)}, lambda out: out.print(words))
    raise typer.Exit(1 if any(one["dead_letter_id"] == found["dead_letter_id"] for one in left) else 0)


@group.command()
def discard(
    letter: LetterArgument,
    reason: ReasonOption,
    home: HomeOption = None,
    as_json: JsonOption = False,
    user: AsOption = "oli",
) -> None:
    """Give one event up, on record. Later events of its case stay parked until they are retried.

    JSON: {"discarded": false if it was out of the park already}.
    """
    context = open_context(home, as_json)
    done = _act(context, user, _find(context, user, letter), "discard", reason)
    words = "Discarded." if done["discarded"] else "It was out of the park already."
    context.emit(done, lambda out: out.print(words))


def letters(context: Context, user: str, wanted: str | None, limit: int) -> list[dict[str, Any]]:
    """Dead letters of all services, oldest first; `wanted` is a state, or None for all."""
    found: list[dict[str, Any]] = []
    for service in SERVICES:
        with context.client(service, user) as client:
            asked = {"limit": str(limit)} | ({"state": wanted} if wanted else {})
            found += [{"service": service, **one} for one in checked(client.get("/dead-letters", params=asked))]
    return sorted(found, key=lambda one: str(one["parked_at"]))


def _find(context: Context, user: str, letter: str) -> dict[str, Any]:
    try:
        letter_id = UUID(letter)
    except ValueError as error:
        raise UsageError(f"{letter!r} is no id of a dead letter", "See `recourse dead-letters list`.") from error
    for service in SERVICES:
        with context.client(service, user) as client:
            answer = client.get(f"/dead-letters/{letter_id}")
            if answer.status_code != httpx.codes.NOT_FOUND:
                return {"service": service, **checked(answer)}
    raise UsageError(f"No service has a dead letter {letter}", "See `recourse dead-letters list --state all`.")


def _act(context: Context, user: str, found: dict[str, Any], act: str, reason: str) -> dict[str, Any]:
    with context.client(found["service"], user) as client:
        done: dict[str, Any] = checked(
            client.post(f"/dead-letters/{found['dead_letter_id']}/{act}", json={"reason": reason})
        )
        return done


def _beside(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("service", "consumer", "stream_id"))


def _show_list(out: Console, found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("No dead letters.")
        return
    for one in found:
        head = ((one["dead_letter_id"], "bold"), "  ", state(one["state"]), "  ", when(one["parked_at"]))
        out.print(Text.assemble(*head))
        facts = grid(10, None)
        place = f"{one['source']} {one['log_part']}/{one['position']}"
        facts.add_row(Text("event", DIM), Text(f"{one['type']}, {place}, case {one['stream_id']}"))
        facts.add_row(Text("failed in", DIM), Text(f"{one['consumer']}, {one['attempts']} attempts"))
        facts.add_row(Text("error", DIM), Text(one_line(one["error"])))
        out.print(facts)


def _show_one(out: Console, found: dict[str, Any]) -> None:
    _show_list(out, [found])
    for act in found["acts"]:
        out.print(Text(f"{when(act['acted_at'])}  {act['act']} by {act['actor']}: {one_line(act['reason'])}", DIM))
    out.print()
    for name, value in found["header"].items():
        out.print(Text.assemble((f"{name}: ", DIM), one_line(value)), soft_wrap=True)
    out.print(Text(plain(found["body_text"])), soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(group, name="dead-letters")
