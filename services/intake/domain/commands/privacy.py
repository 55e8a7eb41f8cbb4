"""What intake can be asked to do about a customer's data: keep it, let it go, erase it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.contracts.intake_privacy import Ground


@dataclass(frozen=True, slots=True)
class KeptCase:
    """What the duties to keep depend on, of one case that a customer has a part in; `own` where it is theirs.

    `received_at` is when its first message came in, `last_at` when the last one did.
    """

    case_id: UUID
    own: bool
    closed: bool
    received_at: datetime
    last_at: datetime
    channels: tuple[str, ...]
    regulated: str | None = None


@dataclass(frozen=True, slots=True)
class OfData:
    """What every such command says: whose data, when, who asks, with which roles."""

    customer_id: UUID
    now: datetime
    by: str
    roles: tuple[str, ...]

    @property
    def stream_id(self) -> UUID:
        return self.customer_id


@dataclass(frozen=True, slots=True)
class PlaceHold(OfData):
    """Keep the customer's data, whatever else says that it may go."""

    hold_id: UUID
    reason: str
    basis: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHold(OfData):
    """End a hold."""

    hold_id: UUID
    why: str


@dataclass(frozen=True, slots=True)
class Erase(OfData):
    """Erase the customer: a request by whoever may ask for it, an approval by whoever may approve.

    `cases` are all that the customer has a part in, `mails` the machines' mails that name one of their addresses.
    """

    erasure_id: UUID
    ground: Ground
    asked_on: date
    cases: tuple[KeptCase, ...]
    mails: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishErasure:
    """The keys are destroyed: put it on record. `cases` is how many cases the customer had a part in."""

    customer_id: UUID
    now: datetime
    cases: int

    @property
    def stream_id(self) -> UUID:
        return self.customer_id


@dataclass(frozen=True, slots=True)
class EraseFromCase:
    """The keys of a customer who has a part in this case are destroyed: put it on record there."""

    case_id: UUID
    now: datetime
    customer_id: UUID
    erasure_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.case_id


PrivacyCommand = PlaceHold | ReleaseHold | Erase | FinishErasure | EraseFromCase
