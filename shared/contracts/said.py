"""What a reading is made of: the requests, times, amounts, references, claims, quotes and doubts of one message."""

from typing import Literal

from pydantic import Field

from shared.contracts.event import Part, Personal
from shared.contracts.values import Money

TimeKind = Literal["date", "time", "instant", "date_period", "time_period", "duration"]
TimeRole = Literal["at", "from", "to", "deadline"]


class Found(Part):
    """Something found at the characters [start, end) of a message's text, how surely, and by which rule or model."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    confidence: float = Field(ge=0, le=1)
    judged_by: str


class AskedFor(Found):
    """One request of a message that may hold several: its own kind and remedy, and the facts said with it.

    `deadline` is the ISO date by which it is wanted.
    """

    kind: str
    kinds: tuple[str, ...] = ()
    remedy: str | None = None
    amount: Money | None = None
    order: Personal | None = None
    deadline: str | None = None


class TimeSaid(Found):
    """A time that was said, resolved against the moment at which the message was received.

    `value` is ISO 8601: a date, a time of day (`09:50`), an instant (`2026-11-24T09:50`, in the customer's zone),
    a duration (`P3D`), or a period as `start/end`, both ends included (`..` where it is open).
    """

    kind: TimeKind
    value: str
    role: TimeRole = "at"


class AmountSaid(Found):
    """An amount of money that was said."""

    money: Money


class Reference(Found):
    """A number or name of something on record: an order, reservation, account, card, phone number, e-mail address."""

    kind: str
    value: Personal


class Claim(Found):
    """Something that the customer says is so and that must be checked before it counts; `claim` says what."""

    claim: str


class Quote(Found):
    """Words that are somebody else's: a quoted or forwarded mail, or what somebody is said to have said."""

    how: Literal["line", "below", "marks", "reported"]


class Doubt(Found):
    """Two transcripts of the same speech differ: `finding` names in what, `one` is the text's word, `other` its rival.

    What a doubt touches is not relied on until a person has heard it.
    """

    finding: str
    one: Personal
    other: Personal
