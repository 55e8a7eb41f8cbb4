"""How values are written on the terminal; what customers wrote never reaches it as control codes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Escape sequences could move the cursor, and direction overrides turn a line around.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
DIM = "dim"
STATE_COLOURS = {
    "open": "yellow",
    "requested": "yellow",
    "at_risk": "yellow",
    "parked": "red",
    "broken": "red",
    "rejected": "red",
    "expired": "red",
    "approved": "green",
    "kept": "green",
    "resolved": "green",
}


def plain(value: object) -> str:
    """A value as text that a terminal only shows."""
    return CONTROL.sub("\ufffd", str(value).replace("\r\n", "\n").replace("\r", "\n"))


def one_line(value: object) -> str:
    """A value as text on one line."""
    return " ".join(plain(value).split())


def words(vocabulary: str | None) -> str:
    """A word of a vocabulary as people write it."""
    return (vocabulary or "").replace("_", " ")


def when(instant: str | None) -> str:
    """An instant to the minute, in UTC."""
    return _utc(instant).strftime("%Y-%m-%d %H:%M") if instant else ""


def day(instant: str) -> str:
    """The day of an instant, in UTC."""
    return _utc(instant).strftime("%Y-%m-%d")


def clock(instant: str) -> str:
    """The time of day of an instant, in UTC."""
    return _utc(instant).strftime("%H:%M:%S")


def price(amount: Mapping[str, Any] | None) -> str:
    """An amount with its currency."""
    return f"{amount['amount']} {amount['currency']}" if amount else ""


def state(name: str) -> Text:
    """A state in its colour."""
    return Text(words(name), STATE_COLOURS.get(name, ""))


def grid(*widths: int | None, cut: bool = False) -> Table:
    """A table without lines; a column of a given width is cut, one of None takes the rest and wraps, or `cut`s too."""
    table = Table.grid(padding=(0, 1), expand=cut)
    for width in widths:
        if width is None:
            table.add_column(no_wrap=cut, overflow="ellipsis" if cut else "fold", ratio=1)
        else:
            table.add_column(width=width, no_wrap=True, overflow="ellipsis")
    return table


def more(out: Console, verb: str, cursor: str | None) -> None:
    """Say how the list goes on, if it does."""
    if cursor:
        out.print(Text(f"There are more: recourse {verb} --after {cursor}", DIM), soft_wrap=True)


def _utc(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(UTC)
