"""Facts that intake owns: what keeps a customer's data, who asked for its erasure, and that it is gone."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Fact, Personal, published

Ground = Literal["asked", "consent_withdrawn", "objected", "unlawful", "no_longer_needed"]


class AboutPrivacy(Fact):
    """A fact about a customer's data, in the customer's own stream."""

    customer_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.customer_id


@published("intake.hold_placed.v1", stream="customer")
class HoldPlaced(AboutPrivacy):
    """The customer's data must be kept, whatever else says that it may go; `until` is the last day, if one is known.

    `basis` is by which right: a court's order, a claim that is expected, an inquiry of an authority.
    """

    hold_id: UUID
    reason: Personal
    basis: Personal
    placed_by: str
    until: date | None = None


@published("intake.hold_released.v1", stream="customer")
class HoldReleased(AboutPrivacy):
    """The hold is over; somebody else than the one who placed it said so."""

    hold_id: UUID
    why: Personal
    released_by: str


@published("intake.erasure_requested.v1", stream="customer")
class ErasureRequested(AboutPrivacy):
    """The customer's data is to be erased, and nothing stands against it; `asked_on` is when the customer asked."""

    erasure_id: UUID
    ground: Ground
    asked_on: date
    requested_by: str


@published("intake.privacy_refused.v1", stream="customer")
class PrivacyRefused(AboutPrivacy):
    """An erasure, a hold or its release was refused; of an erasure, by which law and from when it will be possible.

    `possible_on` is absent where nobody can name the day yet, as under a hold without an end.
    """

    attempt: str
    reason_code: str
    reason: str
    policy: str
    law: str | None = None
    possible_on: date | None = None


@published("intake.erasure_approved.v1", stream="customer")
class ErasureApproved(AboutPrivacy):
    """The point of no return: from here on the keys are destroyed, those of the cases and mails named here too."""

    erasure_id: UUID
    ground: Ground
    approved_by: str
    policy: str
    cases: tuple[UUID, ...] = ()
    mails: tuple[UUID, ...] = ()


@published("intake.customer_erased.v1", stream="customer")
class CustomerErased(AboutPrivacy):
    """The keys are destroyed: what is personal in the customer's events can be read by nobody any more."""

    erasure_id: UUID
    cases: int = Field(ge=0)


@published("intake.case_erased.v1")
class CaseErased(CaseFact):
    """What is personal of this customer can no longer be read in the case; `own` says whether the case was theirs."""

    customer_id: UUID
    erasure_id: UUID
    own: bool
