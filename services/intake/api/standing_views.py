"""How a customer and we stand, as the API shows it."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.domain.policies.standing import Standing


class MeasureView(BaseModel):
    """One measure on conduct as it stands; `review_due` since its day has come, `appealed` until that is decided."""

    measure_id: UUID
    case_id: UUID
    measure: str = Field(examples=["restricted_channel"])
    category: str
    reason: str
    told: str
    evidence: tuple[UUID, ...]
    adjustments: tuple[str, ...]
    taken_by: str
    role: str
    review_on: date
    in_force: bool
    review_due: bool
    appealed: bool
    open_channel: str | None
    contact: str | None
    times: str | None


class NeedView(BaseModel):
    """What makes life harder for a customer, and what helps."""

    need_id: UUID
    case_id: UUID
    driver: str = Field(examples=["health"])
    support: str
    source: str
    consent: bool
    review_on: date
    noted_by: str


class StandingView(BaseModel):
    """Measures on conduct, oldest first, and noted needs of one customer."""

    customer_id: UUID
    measures: list[MeasureView]
    vulnerabilities: list[NeedView]


def standing_view(customer_id: UUID, standing: Standing) -> StandingView:
    """Show how a customer and we stand."""
    return StandingView(
        customer_id=customer_id,
        measures=[
            MeasureView(
                **one.taken.model_dump(include={"measure_id", "case_id", "measure", "category", "reason", "evidence"}),
                **one.taken.model_dump(include={"adjustments", "taken_by", "role"}),
                told=one.told,
                review_on=one.review_on,
                in_force=one.in_force,
                review_due=one.review_due,
                appealed=one.appealed,
                open_channel=one.open_channel,
                contact=one.contact,
                times=one.times,
            )
            for one in standing.measures.values()
        ],
        vulnerabilities=[
            NeedView(**need.model_dump(exclude={"customer_id", "policy"})) for need in standing.needs.values()
        ],
    )
