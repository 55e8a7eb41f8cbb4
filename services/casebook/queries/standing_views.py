"""What is shown of measures on conduct, and of what helps a customer."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Standing(BaseModel):
    """A row as it is shown; columns that a view does not name are left out."""

    model_config = ConfigDict(extra="ignore")


class ConductView(Standing):
    """A measure on how a customer and we go on; `review_due` since its day has come."""

    customer_id: UUID
    measure_id: UUID
    case_id: UUID
    measure: str = Field(examples=["restricted_channel"])
    category: str = Field(examples=["behaviour"])
    reason: str
    told: str
    taken_by: str
    role: str
    taken_at: datetime
    review_on: date
    state: str = Field(examples=["in_force"])
    review_due: bool
    appealed: bool
    open_channel: str | None = None
    contact: str | None = None
    times: str | None = None
    decided_by: str | None = None
    why: str | None = None


class NeedView(Standing):
    """What makes life harder for a customer, and what helps; for staff alone."""

    need_id: UUID
    case_id: UUID
    driver: str = Field(examples=["health"])
    support: str
    source: str
    consent: bool
    review_on: date
    noted_by: str
    noted_at: datetime
