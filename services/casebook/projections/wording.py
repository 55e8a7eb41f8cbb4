"""Each fact as one line for people: what happened, why, and which thing it is about."""

from collections.abc import Callable
from datetime import datetime
from re import Match
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from shared.contracts.event import Fact
from shared.contracts.values import ClauseRef, Money
from shared.eventstore.seal import PREFIX, TOKEN

EXCERPT = 140
# Of several sealed values that share one excerpt, each is shown so long at least.
SHORTEST = 20


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
    """Give the beginning of a text on one line.

    A sealed value is never cut: its token says how much of it is to be shown, on one line, once it is opened.
    """
    if text.startswith(PREFIX) and (whole := TOKEN.fullmatch(text)) and whole[2] is None:
        return f"{text};{EXCERPT}"
    if PREFIX in text and (sealed := len(TOKEN.findall(text))):
        return _excerpt_sealed(text, max(SHORTEST, EXCERPT // sealed))
    line = " ".join(text[: EXCERPT * 2].split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def _excerpt_sealed(text: str, longest: int) -> str:
    def shortened(token: Match[str]) -> str:
        shown = longest if token[2] is None else min(longest, int(token[2]))
        return f"{PREFIX}{token[1]};{shown}"

    return TOKEN.sub(shortened, " ".join(text.split()))


def price(money: Money | None) -> str:
    """Give an amount as words in brackets; nothing when there is none."""
    return f" ({money.amount} {money.currency})" if money else ""


def cite(clause: ClauseRef) -> str:
    """Give where a clause stands and what it says."""
    return f"clause {clause.clause} of {clause.policy} {clause.version}: {excerpt(clause.text)}"


def words(vocabulary: str) -> str:
    """Give a word of a vocabulary as people write it; a sealed one stays as it is."""
    return vocabulary if PREFIX in vocabulary else vocabulary.replace("_", " ")


def instant(at: datetime) -> str:
    """Give an instant to the minute."""
    return f"{at.isoformat(' ', 'minutes').removesuffix('+00:00')} UTC"
