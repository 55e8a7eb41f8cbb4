"""One example of each answer for the OpenAPI document; as they are made of the views, they always fit them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.casebook.queries.insight_views import ClauseInsight, InsightsView, ReflectionView, TeamInsight
from services.casebook.queries.paging import Page, pack
from services.casebook.queries.standing_views import ConductView
from services.casebook.queries.views import (
    AddressView,
    Amount,
    ApprovalView,
    CaseDetail,
    CaseView,
    CauseView,
    CountersView,
    CustomerView,
    DayView,
    EventsView,
    EventView,
    PromiseView,
)

CASE_ID, CUSTOMER_ID, EXCEPTION_ID, PROMISE_ID, EVENT_ID, CAUSE_ID = (
    UUID(f"019aa000-0000-7000-8000-{number:012d}") for number in range(1, 7)
)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
MONEY = Amount(amount=Decimal("84.90"), currency="GBP")

case = CaseView(
    case_id=CASE_ID,
    tracking_code="RC-7F3K-9QXD",
    status="waiting",
    channel="email",
    subject="My money back",
    customer_id=CUSTOMER_ID,
    opened_at=AT,
    answer_due=AT + timedelta(days=1),
    kind="unfounded_demand",
    remedy="refund",
    urgency="normal",
    tone="angry",
    language="en",
    emergency=False,
    amount=MONEY,
    boundary_clause="returns.14-days",
    messages_in=2,
    messages_out=2,
    undelivered=0,
    last_heard_at=AT + timedelta(hours=1),
    first_answer_at=AT + timedelta(minutes=2),
    last_answer_at=AT + timedelta(minutes=2),
    requests=2,
    boundaries=1,
    grants=0,
    exceptions=1,
    exceptions_open=1,
    exception_state="requested",
    rank=3,
    promises=0,
    promises_open=0,
    promises_broken=0,
    events=12,
    last_event_at=AT + timedelta(hours=1),
)
approval = ApprovalView(
    exception_id=EXCEPTION_ID,
    case_id=CASE_ID,
    tracking_code="RC-7F3K-9QXD",
    request_id=EVENT_ID,
    state="requested",
    kind="unfounded_demand",
    policy="shop",
    policy_version="3",
    clause="returns.14-days",
    clause_text="Goods may be returned within 14 days.",
    deviation="refund after the return period",
    reason="the customer appeals",
    amount=MONEY,
    proposed_by="rules",
    required_role="manager",
    quorum="any",
    voices=0,
    voices_needed=1,
    language="en",
    requested_at=AT + timedelta(hours=1),
    deadline=AT + timedelta(hours=9),
    escalations=0,
    attempts_refused=0,
)
promise = PromiseView(
    promise_id=PROMISE_ID,
    case_id=CASE_ID,
    tracking_code="RC-7F3K-9QXD",
    customer_id=CUSTOMER_ID,
    what="refund of 84.90 GBP",
    state="made",
    made_at=AT,
    made_by="rules",
    due=AT + timedelta(days=5),
    at_risk_from=AT + timedelta(days=4),
    backing="decision",
    backing_reference=str(EXCEPTION_ID),
    renegotiations=0,
)
entry = EventView(
    log="triage",
    log_part=3,
    position=4711,
    event_id=EVENT_ID,
    case_id=CASE_ID,
    type="triage.boundary_stated.v1",
    recorded_at=AT + timedelta(minutes=1),
    received_at=AT,
    who="system:triage",
    via="reaction:intake.message_received.v1",
    what="Limit stated: 14 days; offered instead: a free repair",
    why="the 14 days are over (clause returns.14-days of shop 3: Goods may be returned within 14 days.)",
    about_id=EXCEPTION_ID,
    caused_by=CauseView(event_id=CAUSE_ID, who="door", what="The customer wrote by email: I want my money back"),
    correlation_id=CAUSE_ID,
    trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
)
detail = CaseDetail(**case.model_dump(), customer_name="Kim", approvals=[approval], promise_list=[promise])
customer = CustomerView(
    customer_id=CUSTOMER_ID,
    name="Kim",
    known_since=AT,
    addresses=[AddressView(address_kind="email", address="kim@example.org", known_since=AT)],
    cases=[case],
)
conduct = ConductView(
    customer_id=CUSTOMER_ID,
    measure_id=UUID("0190a000-0000-7000-8000-000000000091"),
    case_id=CASE_ID,
    measure="restricted_channel",
    category="behaviour",
    reason="Threats to an agent on the phone on two days.",
    told="From now on we answer you on one channel only: e-mail.",
    taken_by="max",
    role="manager",
    taken_at=AT,
    review_on=date(2027, 5, 24),
    state="in_force",
    review_due=False,
    appealed=False,
    open_channel="email",
)
counters = CountersView(
    totals={"messages_in": {"email": 212}, "requests": {"unfounded_demand": 57}, "exceptions": {"requested": 12}},
    now={"exceptions": {"requested": 3, "approved": 9}, "promises": {"made": 4, "kept": 5}},
    days=[DayView(day=date(2026, 11, 24), numbers={"messages_in": {"email": 14}})],
)
feed = EventsView(items=[entry], next=pack({"triage/3": 4711}))

learnt = InsightsView(
    clauses=[
        ClauseInsight(
            policy="shop",
            clause="returns.14-days",
            refused=40,
            appealed=9,
            accepted=27,
            reopened=2,
            settled=12,
            unsettled=3,
            exceptions={"approved": 4, "rejected": 3, "requested": 2},
            granted=[MONEY],
            granted_share=4 / 7,
            should_change=True,
        )
    ],
    teams=[
        TeamInsight(
            team="front desk",
            promised=30,
            made=4,
            at_risk=1,
            kept=22,
            kept_late=1,
            broken=1,
            renegotiated=0,
            released=1,
        )
    ],
    reflections=[
        ReflectionView(
            case_id=CASE_ID,
            tracking_code="RC-7F3K-9QXD",
            clause="shop/returns.14-days",
            noted_by="ana",
            what_helped="Offering the credit first.",
            what_should_change="14 days are short for furniture.",
            noted_at=AT,
        )
    ],
    threshold_decisions=5,
    threshold_share=0.3,
)


def page(item: BaseModel) -> BaseModel:
    """Give a page that holds one item and has a next."""
    return Page[Any](items=[item], next=pack(["newest", AT.isoformat(), str(CASE_ID)]))


def shown(answer: BaseModel) -> dict[int | str, dict[str, Any]]:
    """Give the OpenAPI entry of a route's answer, with this example."""
    return {200: {"content": {"application/json": {"example": answer.model_dump(mode="json", serialize_as_any=True)}}}}
