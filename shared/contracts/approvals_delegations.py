"""Facts that approvals owns about delegations: who decides for whom, with which role, on what and from when to when."""

from datetime import date
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Fact, published
from shared.contracts.values import Money


class DelegationFact(Fact):
    """A fact of one delegation."""

    delegation_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.delegation_id


@published("approvals.delegation_given.v1", stream="delegation")
class DelegationGiven(DelegationFact):
    """`principal` lets `delegate` decide with `role`: on these kinds and clauses, up to `cap`, on these days.

    Days are whole days of the matrix's calendar, both included. "*" stands for all kinds or clauses.
    """

    principal: str
    delegate: str
    role: str
    kinds: tuple[str, ...] = Field(min_length=1)
    clauses: tuple[str, ...] = Field(min_length=1)
    first_day: date
    last_day: date
    reason: str = Field(min_length=1)
    cap: Money | None = None


@published("approvals.delegation_ended.v1", stream="delegation")
class DelegationEnded(DelegationFact):
    """The delegation ended before its last day; nothing is decided under it from here on."""

    ended_by: str
    reason: str = Field(min_length=1)


@published("approvals.delegation_refused.v1", stream="delegation")
class DelegationRefused(DelegationFact):
    """Somebody tried to delegate, or to end a delegation, without being allowed to."""

    attempt: str
    reason_code: str
    reason: str
