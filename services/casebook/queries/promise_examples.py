"""Examples of the answers on clocks and the promise ledger for the OpenAPI document."""

from datetime import timedelta

from services.casebook.queries.clocks import ClockRow
from services.casebook.queries.examples import AT, CASE_ID, CAUSE_ID, PROMISE_ID
from services.casebook.queries.ledger import FoundList, FoundView, LedgerLine, LedgerView

clock = ClockRow(
    clock_id=CAUSE_ID,
    case_id=CASE_ID,
    tracking_code="RC-7F3K-9QXD",
    clock="first_response",
    metric="first_response",
    state="running",
    held_by="care",
    reason=None,
    started=AT,
    original_due=AT + timedelta(hours=8),
    due=AT + timedelta(hours=8),
    breached_at=None,
    level="2 before",
    whom="care",
)
ledger = LedgerView(
    by="team",
    since=None,
    lines=[
        LedgerLine(
            name="front desk",
            made=12,
            kept=8,
            late=1,
            broken=1,
            released=1,
            open=1,
            renegotiated=2,
            found=3,
            kept_share=0.8,
        )
    ],
)
found = FoundList(
    items=[
        FoundView(
            promise_id=PROMISE_ID,
            case_id=CASE_ID,
            tracking_code="RC-7F3K-9QXD",
            what="You should have the new one in three to five working days.",
            due=AT + timedelta(days=7),
            said_by="ana",
            found_at=AT,
            backed=False,
        )
    ]
)
