"""Facts that intake owns: measures on how a customer and we go on together, and what became of them."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Fact, Personal, published


class AboutCustomer(Fact):
    """A fact about a customer that came up in a case, and is shown there too."""

    customer_id: UUID
    case_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.customer_id


class ConductFact(AboutCustomer):
    """A fact about one measure; the customer is told of it in the case."""

    measure_id: UUID


@published("intake.conduct_measure_taken.v1", stream="customer")
class ConductMeasureTaken(ConductFact):
    """A measure is in force until it is lifted; whoever took it said why, on what evidence, and what was offered first.

    `evidence` are messages of the customer. `told` and `appeal` are the words in which the customer is told what it
    means and how to have it looked at again. `role` and `policy` say by which right it was taken.
    """

    measure: str
    category: str
    reason: Personal
    evidence: tuple[UUID, ...] = Field(min_length=1)
    adjustments: tuple[Personal, ...] = ()
    review_on: date
    told: Personal
    appeal: str
    taken_by: str
    role: str
    policy: str
    open_channel: str | None = None
    contact: Personal | None = None
    times: Personal | None = None


@published("intake.conduct_appeal_made.v1", stream="customer")
class ConductAppealMade(ConductFact):
    """The customer wants the measure looked at again; somebody who did not take it must."""

    noted_by: str
    message_id: UUID | None = None


@published("intake.conduct_measure_reviewed.v1", stream="customer")
class ConductMeasureReviewed(ConductFact):
    """Somebody looked at the measure again: it stays as it is, stays changed, or ends.

    What is absent stays as it was; `told` says what the measure means from now on, where it stays.
    """

    outcome: Literal["kept", "changed", "lifted"]
    why: Personal
    on_appeal: bool
    reviewed_by: str
    role: str
    policy: str
    review_on: date | None = None
    told: Personal | None = None
    open_channel: str | None = None
    contact: Personal | None = None
    times: Personal | None = None


@published("intake.conduct_measure_lifted.v1", stream="customer")
class ConductMeasureLifted(ConductFact):
    """The measure is over."""

    why: Personal
    lifted_by: str
    role: str


@published("intake.conduct_review_due.v1", stream="customer")
class ConductReviewDue(ConductFact):
    """The day has come on which the measure is to be looked at again."""

    review_on: date
