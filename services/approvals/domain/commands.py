"""What approvals can be asked to do; times, ids and the person's roles ride in the command."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.values import ClauseRef, Money


@dataclass(frozen=True, slots=True)
class RequestException:
    """Triage proposed a deviation: find who may decide, and let them."""

    case_id: UUID
    now: datetime
    exception_id: UUID
    request_id: UUID
    kind: str
    clause: ClauseRef
    deviation: str
    reason: str
    proposed_by: str
    language: str
    amount: Money | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class Approve:
    """Agree to the deviation. `amount` says how much where the proposal does not."""

    case_id: UUID
    now: datetime
    actor: str
    roles: tuple[str, ...]
    exception_id: UUID
    note: str
    on_behalf_of: str | None = None
    conditions: tuple[str, ...] = ()
    amount: Money | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class Reject:
    """Say no; the customer is told the reason."""

    case_id: UUID
    now: datetime
    actor: str
    roles: tuple[str, ...]
    exception_id: UUID
    reason: str
    on_behalf_of: str | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class CounterOffer:
    """Offer something else instead, worth `amount` where it is worth money."""

    case_id: UUID
    now: datetime
    actor: str
    roles: tuple[str, ...]
    exception_id: UUID
    offer: str
    reason: str
    on_behalf_of: str | None = None
    amount: Money | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take one's own proposal back."""

    case_id: UUID
    now: datetime
    actor: str
    roles: tuple[str, ...]
    exception_id: UUID
    reason: str

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """Time has passed: every exception of the case that is overdue at `now` goes one level up, or expires."""

    case_id: UUID
    now: datetime

    @property
    def stream_id(self) -> UUID:
        return self.case_id


Decision = Approve | Reject | CounterOffer
Command = RequestException | Decision | Withdraw | DeadlinePassed
