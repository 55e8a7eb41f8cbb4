"""What the demo came to: figures from the casebook, and whether anything was lost between door and screen."""

from collections.abc import Collection, Mapping
from typing import Any

from deploy.local.cli.context import Context, checked
from deploy.local.cli.dead_letters import letters
from deploy.local.ingest.tally import Tally
from deploy.local.ledger import Ledger

Numbers = Mapping[str, Mapping[str, int]]
MOST_LETTERS = 1000


def read_counters(context: Context) -> dict[str, Any]:
    """The casebook's counters: `totals`, and `now`, how many exceptions and promises stand in which state."""
    with context.client("casebook", "audra") as book:
        found: dict[str, Any] = checked(book.get("/counters"))
        return found


def parked(context: Context) -> int:
    """How many events wait as dead letters, over all services."""
    return len(letters(context, "oli", "parked", MOST_LETTERS))


def figures(counters: Mapping[str, Numbers], dead_letters: int, events: int, seconds: float) -> dict[str, Any]:
    """The summary's numbers; `events` is what this run recorded in `seconds`, the others count all of the home."""
    totals, now = counters["totals"], counters["now"]
    return {
        "messages_in": sum(totals.get("messages_in", {}).values()),
        "automatic_mails": sum(totals.get("automatic_mails", {}).values()),
        "messages_out": sum(totals.get("messages_out", {}).values()),
        "cases": totals.get("cases", {}).get("opened", 0),
        "requests": sum(totals.get("requests", {}).values()),
        "boundaries": sum(totals.get("boundaries", {}).values()),
        "exceptions": dict(now.get("exceptions", {})),
        "promises": dict(now.get("promises", {})),
        "events": sum(totals.get("events", {}).values()),
        "dead_letters": dead_letters,
        "seconds": round(seconds, 1),
        "events_per_second": round(events / seconds) if seconds else 0,
    }


def losses(tally: Tally, accepted: Collection[str], ledger: Ledger, totals: Numbers, dead_letters: int) -> list[str]:
    """What was lost or left undone, in words; empty if nothing was.

    `accepted` are the ids that the doors gave to messages and mails. The ledger, read from the topics, must hold all
    of them, and the casebook's counters must be the ledger's own counts.
    """
    lost: list[str] = []
    if tally.broken_off:
        lost.append(f"the doors: {tally.broken_off}")
    if tally.problems:
        lost.append(f"the doors: {len(tally.problems)} items were not taken in, such as {tally.problems[0]}")
    missing = set(accepted) - ledger.messages
    if missing:
        lost.append(f"the logs: {len(missing)} messages that a door took are missing, such as {min(missing)}")
    lost += _differences("messages in", ledger.messages_in, totals.get("messages_in", {}))
    lost += _differences("messages out", ledger.messages_out, totals.get("messages_out", {}))
    machines = sum(totals.get("automatic_mails", {}).values())
    lost += _differences("automatic mails", {"email": ledger.automatic_mails}, {"email": machines})
    lost += _differences("events", ledger.by_type, totals.get("events", {}))
    if ledger.mails_waiting:
        lost.append(f"the outbox: {len(ledger.mails_waiting)} mails have not left")
    if ledger.answered_machines:
        lost.append(f"the outbox: {len(ledger.answered_machines)} automatic mails were answered")
    if dead_letters:
        lost.append(f"{dead_letters} dead letters: see `recourse dead-letters list`")
    return lost


def _differences(what: str, logged: Mapping[str, int], counted: Mapping[str, int]) -> list[str]:
    return [
        f"the casebook: {counted.get(name, 0)} {what} ({name}), and {logged.get(name, 0)} on the topics"
        for name in sorted({*logged, *counted})
        if counted.get(name, 0) != logged.get(name, 0)
    ]
