"""What a rule knows of the outside world: a record, where it came from, and how old that knowledge is."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

AROUND = re.compile(r"^[\s#]+|\s+$")
UNREACHABLE = "unreachable"
"""The source of a record that nobody could be asked for, and that was not known from before."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """One record as it was known when a decision was made; kept in the fact, for a replay asks nobody.

    `source` is `provider` (asked just now), `last_known` (asked before; the provider failed or was late), `unreachable`
    (then `found` is false and nothing is known), or the name of a file. `as_of` is the instant at which the value held.
    """

    kind: str
    id: str
    found: bool
    source: str
    as_of: datetime
    age_seconds: float
    value: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unreachable(self) -> bool:
        """Tell a record that could not be had from one that does not exist."""
        return not self.found and self.source == UNREACHABLE


Lookup = Callable[[str, str], Awaitable[LookedUp]]
"""Gives a record by its kind (customer, order, reservation, ...) and its id; never raises."""


def plain_id(text: str) -> str:
    """Give an id as it is compared: `#w2378156`, `W2378156` and ` w2378156 ` name one record."""
    return AROUND.sub("", text).casefold()
