"""What a command recorded, and values that several commands take."""

import re
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.errors import UsageError

AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]{3})")
AmountOption = Annotated[
    str | None, typer.Option("--amount", metavar="AMOUNT", help="With its currency, such as '50 EUR'.")
]


def money(amount: str | None) -> dict[str, str] | None:
    """Read an amount with its ISO 4217 currency; UsageError for anything else."""
    if amount is None:
        return None
    found = AMOUNT.fullmatch(amount.strip())
    if not found:
        raise UsageError(f"--amount: {amount!r} is no amount", "Write number and currency, such as '50 EUR'.")
    return {"amount": found[1], "currency": found[2].upper()}


def show_outcome(out: Console, outcome: dict[str, Any]) -> None:
    """Print the facts that a command recorded."""
    if not outcome["events"]:
        out.print("Nothing changed: it was so already.")
    for event in outcome["events"]:
        out.print(Text(f"recorded {event['type']}"))
