"""What is shown of a case, an exception, a promise, a customer and an event."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.casebook.queries.standing_views import ConductView, NeedView

Status = Literal["open", "waiting", "resolved", "closed"]
ExceptionState = Literal[
    "requested",
    "approved",
    "rejected",
    "countered",
    "withdrawn",
    "expired",
    "superseded",
    "accepted",
    "declined",
    "lapsed",
]


class Amount(BaseModel):
    """Money, by ISO 4217 code."""

    amount: Decimal = Field(examples=["84.90"])
    currency: str = Field(examples=["GBP"])


class View(BaseModel):
    """A row as it is shown; columns that a view does not name are left out."""

    model_config = ConfigDict(extra="ignore")


class CaseView(View):
    """One case. `waiting` is a case whose customer, or whose decider, is to move; `open` one in which we are."""

    case_id: UUID
    tracking_code: str = Field(examples=["RC-7F3K-9QXD"])
    status: Status
    channel: str = Field(examples=["email"])
    subject: str = Field(examples=["My money back"])
    customer_id: UUID
    opened_at: datetime
    answer_due: datetime
    linked_case_id: UUID | None = None
    kind: str | None = Field(default=None, examples=["unfounded_demand"])
    remedy: str | None = Field(default=None, examples=["refund"])
    urgency: str | None = Field(default=None, examples=["high"])
    tone: str | None = Field(default=None, examples=["angry"])
    language: str | None = Field(default=None, examples=["en"])
    emergency: bool | None = None
    amount: Amount | None = None
    boundary_clause: str | None = Field(default=None, examples=["returns.14-days"])
    messages_in: int
    messages_out: int
    undelivered: int
    last_heard_at: datetime | None = None
    first_answer_at: datetime | None = None
    last_answer_at: datetime | None = None
    requests: int
    boundaries: int
    grants: int
    exceptions: int
    exceptions_open: int
    exception_state: str | None = Field(default=None, examples=["requested"])
    promises: int
    promises_open: int
    promises_broken: int
    rank: int = Field(description="0 an emergency, 1 critical, 2 high, 3 normal, 4 low.", examples=[3])
    resolved_how: str | None = None
    closes_at: datetime | None = None
    settled: bool | None = None
    comes_first: bool | None = Field(default=None, description="A noted vulnerability puts it before others.")
    events: int
    last_event_at: datetime | None


class ApprovalView(View):
    """One exception: what is proposed, who may decide until when, and what was decided by whose authority."""

    exception_id: UUID
    case_id: UUID
    tracking_code: str | None = None
    request_id: UUID
    state: ExceptionState
    kind: str
    policy: str
    policy_version: str
    clause: str
    clause_text: str
    deviation: str
    reason: str
    amount: Amount | None = None
    proposed_by: str
    required_role: str = Field(examples=["manager"])
    quorum: str
    voices: int
    voices_needed: int
    language: str
    requested_at: datetime
    deadline: datetime
    escalations: int
    decided_by: list[str] | None = None
    on_behalf_of: str | None = None
    authority_role: str | None = None
    authority_matrix: str | None = None
    decided_at: datetime | None = None
    note: str | None = None
    conditions: list[str] | None = None
    offer: str | None = None
    granted: Amount | None = None
    attempts_refused: int


class PromiseView(View):
    """One promise: what, by when, backed by what, and whether it was kept."""

    promise_id: UUID
    case_id: UUID
    tracking_code: str | None = None
    customer_id: UUID
    what: str = Field(examples=["refund of 84.90 GBP"])
    state: Literal["made", "at_risk", "kept", "broken", "renegotiated", "released"]
    made_at: datetime
    made_by: str
    due: datetime
    at_risk_from: datetime
    backing: Literal["clause", "decision"]
    backing_reference: str
    backing_version: str | None = None
    renegotiations: int
    kept_at: datetime | None = None
    evidence: str | None = None
    late: bool | None = None
    reason: str | None = None


class CaseDetail(CaseView):
    """One case with its customer's name and how we stand with them, its exceptions and promises, oldest first."""

    customer_name: str | None = None
    conduct: list[ConductView] = []
    vulnerabilities: list[NeedView] = []
    approvals: list[ApprovalView]
    promise_list: list[PromiseView]


class AddressView(View):
    """One way to reach a customer."""

    address_kind: str = Field(examples=["email"])
    address: str = Field(examples=["kim@example.org"])
    known_since: datetime


class CustomerView(View):
    """One customer: who they are, how they are reached, and their newest cases (at most 100)."""

    customer_id: UUID
    name: str | None = None
    known_since: datetime | None = None
    addresses: list[AddressView]
    cases: list[CaseView]
    conduct: list[ConductView] = []
    vulnerabilities: list[NeedView] = []


class CauseView(View):
    """The event that caused another; `what` is absent when it lies outside the case."""

    event_id: UUID
    who: str | None = None
    what: str | None = None


class EventView(View):
    """One event in words: who did what, why, and what caused it; `log`, `log_part` and `position` say where it is."""

    log: str = Field(examples=["triage"])
    log_part: int
    position: int
    event_id: UUID
    case_id: UUID | None = None
    type: str = Field(examples=["triage.boundary_stated.v1"])
    recorded_at: datetime
    received_at: datetime | None = None
    who: str = Field(examples=["max"])
    on_behalf_of: str | None = None
    via: str
    what: str = Field(examples=["Limit stated: 14 days; offered instead: a free repair"])
    why: str | None = None
    about_id: UUID | None = Field(default=None, description="The message, request, exception or promise it is about.")
    caused_by: CauseView | None = None
    correlation_id: UUID
    trace_id: str | None = None


class EventsView(View):
    """Events after a cursor, and the cursor after them: ask again with it, and no event is missed or comes twice."""

    items: list[EventView]
    next: str


Numbers = dict[str, dict[str, int]]


class DayView(View):
    """What was counted on one day (UTC, as recorded): numbers by name and label."""

    day: date
    numbers: Numbers


class CountersView(View):
    """`totals` over all days; `now` is how many exceptions and promises stand in which state; `days`, newest first."""

    totals: Numbers = Field(examples=[{"messages_in": {"email": 212}, "requests": {"unfounded_demand": 57}}])
    now: Numbers = Field(examples=[{"exceptions": {"requested": 3, "approved": 9}, "promises": {"made": 4}}])
    days: list[DayView]


def money(row: dict[str, Any], amount: str = "amount", currency: str = "currency") -> Amount | None:
    """Give the amount of a row's two columns."""
    return None if row[amount] is None else Amount(amount=row[amount], currency=row[currency])
