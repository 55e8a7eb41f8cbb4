"""Each fact as one line for people: what happened, why, and which thing it is about."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from shared.contracts.event import Fact
from shared.contracts.values import ClauseRef, Money

EXCERPT = 140


class Said(NamedTuple):
    """What happened, in one line; the reason where there is one; the id of the message, request or promise meant."""

    line: str
    why: str | None = None
    about_id: UUID | None = None


F = TypeVar("F", bound=Fact)
Wording = Callable[[F], Said]
WORDINGS: dict[type[Fact], Wording[Any]] = {}


def says(fact_type: type[F]) -> Callable[[Wording[F]], Wording[F]]:
    """Register the wording of a fact type."""

    def register(wording: Wording[F]) -> Wording[F]:
        WORDINGS[fact_type] = wording
        return wording

    return register


def say(fact: Fact) -> Said:
    """Put a fact into words; one that nobody has worded yet is named by its type."""
    wording = WORDINGS.get(type(fact))
    said = wording(fact) if wording else Said(type(fact).TYPE)
    return said if said.line.isprintable() else said._replace(line=" ".join(said.line.split()))


def excerpt(text: str) -> str:
    """Give the beginning of a text on one line."""
    line = " ".join(text[: EXCERPT * 2].split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def price(money: Money | None) -> str:
    """Give an amount as words in brackets; nothing when there is none."""
    return f" ({money.amount} {money.currency})" if money else ""


def cite(clause: ClauseRef) -> str:
    """Give where a clause stands and what it says."""
    return f"clause {clause.clause} of {clause.policy} {clause.version}: {excerpt(clause.text)}"


def words(vocabulary: str) -> str:
    """Give a word of a vocabulary as people write it."""
    return vocabulary.replace("_", " ")


def instant(at: datetime) -> str:
    """Give an instant to the minute."""
    return f"{at.isoformat(' ', 'minutes').removesuffix('+00:00')} UTC"
