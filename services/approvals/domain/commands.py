"""What approvals can be asked to do; times, ids and the person's roles ride in the command."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.values import ClauseRef, Money


@dataclass(frozen=True, slots=True)
class OfCase:
    """What every command says: which case it is about, and when."""

    case_id: UUID
    now: datetime

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class RequestException(OfCase):
    """Triage proposed a deviation: find who may decide, and let them."""

    exception_id: UUID
    request_id: UUID
    kind: str
    clause: ClauseRef
    deviation: str
    reason: str
    proposed_by: str
    language: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class OnException(OfCase):
    """What people's commands add: who decides, with which roles of the token, on which exception."""

    actor: str
    roles: tuple[str, ...]
    exception_id: UUID


@dataclass(frozen=True, slots=True)
class Approve(OnException):
    """Agree to the deviation. `amount` says how much where the proposal does not."""

    note: str
    on_behalf_of: str | None = None
    conditions: tuple[str, ...] = ()
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Reject(OnException):
    """Say no; the customer is told the reason."""

    reason: str
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class CounterOffer(OnException):
    """Offer something else instead, worth `amount` where it is worth money."""

    offer: str
    reason: str
    on_behalf_of: str | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Withdraw(OnException):
    """Take one's own proposal back."""

    reason: str


@dataclass(frozen=True, slots=True)
class DeadlinePassed(OfCase):
    """Time has passed: every exception of the case that is overdue at `now` goes one level up, or expires."""


Decision = Approve | Reject | CounterOffer
Command = RequestException | Decision | Withdraw | DeadlinePassed
