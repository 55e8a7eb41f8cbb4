"""Values that facts of several owners are made of."""

from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Part, Personal


class Money(Part):
    """An amount in one currency (ISO 4217 code)."""

    amount: Decimal = Field(ge=0, max_digits=18, decimal_places=4)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class ClauseRef(Part):
    """A clause of a policy in the version that was applied; `text` may be quoted to the customer."""

    policy: str
    version: str
    clause: str
    text: str


class Alternative(Part):
    """What is offered instead, and what the customer gains by it."""

    offer: str = Field(min_length=1)
    benefit: str = Field(min_length=1)


class ContentRef(Part):
    """Bytes kept exactly as they came, by their SHA-256 (hex); `size` in bytes."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    media_type: str


class Attachment(Part):
    """A file that came with a message."""

    name: Personal
    content: ContentRef


class Backing(Part):
    """What a promise rests on: a policy clause, or a decision by somebody with authority."""

    kind: Literal["clause", "decision"]
    reference: str = Field(min_length=1)
    version: str | None = None


def empty(found: tuple[object, ...]) -> bool:
    """Tell whether there is nothing to write: optional tuples are left out of the bytes where they are empty."""
    return not found


class KnownFact(Part):
    """Something known about a matter, by its name in the reading or in a record, as text."""

    name: str = Field(min_length=1)
    value: str


class Authority(Part):
    """Why somebody may decide: the role, its limit, and the version of the matrix that says so.

    `limit` is the one in the currency of the amount at stake; `limits` are all, where the role has several.
    `delegation` is the delegation that was used, where it was given at run time.
    """

    role: str
    limit: Money | None = None
    matrix: str
    limits: tuple[Money, ...] = Field(default=(), exclude_if=empty)
    delegation: UUID | None = None


class Quorum(Part):
    """How many must agree: `any` (one), `all` of those `named`, or `n`, of those `named` where there are any.

    `percent` says which share of those named made `needed`, where a share was asked for.
    """

    kind: Literal["any", "all", "n"] = "any"
    needed: int = Field(default=1, ge=1)
    named: tuple[str, ...] = ()
    percent: int | None = Field(default=None, ge=1, le=100)
