"""A case to follow up: facts of the other services, and a clock that delivers them and fires timers."""

from datetime import UTC, datetime, time
from uuid import UUID, uuid5

from services.followup.domain.policies.cadence import Cadence, FollowupRules, PromiseDays
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionWithdrawn,
)
from shared.contracts.event import Fact
from shared.contracts.intake import CaseOpened, MessageReceived, MessageSent
from shared.contracts.triage import (
    AssessmentCorrected,
    BoundaryStated,
    ExceptionProposed,
    Reading,
    RequestAssessed,
    RequestGranted,
    RequestReferred,
)
from shared.contracts.values import Alternative, Authority, ClauseRef
from shared.kernel.worktime import Calendar

CASE = UUID("0190a000-0000-7000-8000-000000000001")
CUSTOMER = UUID("0190a000-0000-7000-8000-0000000000c1")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OFFICE = Calendar("UTC", ((((time(9), time(17)),),) * 5) + ((), ()))
RULES = FollowupRules(
    Cadence(
        version="c1",
        calendar="calendars/default.yaml",
        promise_working_days=PromiseDays(clause=5, decision=3),
        at_risk_lead_hours=24,
        quiet_working_days=5,
        check_in_after_working_days=1,
        close_after_working_days=10,
    ),
    OFFICE,
)
CLAUSE = ClauseRef(policy="shop", version="1", clause="returns", text="Returns within 30 days.")
LEAD = Authority(role="supervisor", matrix="m1")


def an_id(name: str) -> UUID:
    """Give the id that stands for a name in these tests."""
    return uuid5(CASE, name)


def opened() -> CaseOpened:
    """The case is opened for CUSTOMER."""
    return CaseOpened(
        case_id=CASE,
        tracking_code="R-TEST",
        customer_id=CUSTOMER,
        channel="chat",
        conversation_id=an_id("conversation"),
        subject="return",
        received_at=MONDAY,
        answer_due=MONDAY,
    )


def received(name: str) -> MessageReceived:
    """The customer sent message `name`."""
    return MessageReceived(
        case_id=CASE,
        message_id=an_id(name),
        conversation_id=an_id("conversation"),
        channel="chat",
        channel_message_id=name,
        customer_id=CUSTOMER,
        sender="c@example.com",
        text=name,
        received_at=MONDAY,
    )


def sent(
    name: str,
    text: str = "Thank you.",
    at: datetime = MONDAY,
    *,
    purpose: str = "agent",
    channel: str = "chat",
    second_transcript: str | None = None,
) -> MessageSent:
    """We said something to the customer."""
    return MessageSent(
        case_id=CASE,
        message_id=an_id(name),
        conversation_id=an_id(f"conversation {channel}"),
        channel=channel,
        purpose=purpose,
        customer_id=CUSTOMER,
        recipient="c@example.com",
        text=text,
        said_at=at,
        delivery="said",
        second_transcript=second_transcript,
    )


def reading(settled: bool | None = None, language: str = "en") -> Reading:
    """A reading; only language and settled matter to followup."""
    return Reading(
        kinds=(),
        remedy=None,
        urgency="normal",
        tone="calm",
        language=language,
        confidence=1,
        judged_by="rules",
        settled=settled,
    )


def assessed(name: str, *, asks: bool = True, settled: bool | None = None, language: str = "en") -> RequestAssessed:
    """Triage read message `name`."""
    return RequestAssessed(
        case_id=CASE,
        message_id=an_id(name),
        request_id=an_id(f"request {name}") if asks else None,
        reading=reading(settled, language),
    )


def corrected(name: str, *, asks: bool = True, settled: bool | None = None) -> AssessmentCorrected:
    """A person read message `name` otherwise than triage did."""
    return AssessmentCorrected(
        case_id=CASE,
        message_id=an_id(name),
        request_id=an_id(f"request {name}") if asks else None,
        before=reading(),
        reading=reading(settled),
        reason="irony",
    )


def boundary(name: str, clause: ClauseRef = CLAUSE) -> BoundaryStated:
    """The request of message `name` was refused under a clause."""
    return BoundaryStated(
        case_id=CASE,
        boundary_id=an_id(f"boundary {name}"),
        request_id=an_id(f"request {name}"),
        message_id=an_id(name),
        kind="buyers_remorse",
        limit="30 days",
        clause=clause,
        reason="the period is over",
        alternatives=(Alternative(offer="a repair", benefit="it works again"),),
        appeal="write to us",
        language="en",
        text="Sorry.",
    )


def granted(name: str, working_days: int = 2) -> RequestGranted:
    """The request of message `name` was granted under CLAUSE."""
    return RequestGranted(
        case_id=CASE,
        request_id=an_id(f"request {name}"),
        message_id=an_id(name),
        kind="product_or_service_failure",
        what=f"a replacement for {name}",
        clause=CLAUSE,
        working_days=working_days,
        language="en",
        text="Gladly.",
    )


def referred(name: str) -> RequestReferred:
    """The request of message `name` waits for a person."""
    return RequestReferred(
        case_id=CASE, request_id=an_id(f"request {name}"), message_id=an_id(name), kind="other", reason="unclear"
    )


def proposed(name: str) -> ExceptionProposed:
    """An exception was proposed on the request of message `name`."""
    return ExceptionProposed(
        case_id=CASE,
        exception_id=an_id(f"exception {name}"),
        request_id=an_id(f"request {name}"),
        kind="buyers_remorse",
        clause=CLAUSE,
        deviation=f"full refund for {name}",
        reason="loyal",
        proposed_by="ana",
        language="en",
    )


def decided(name: str, outcome: str, conditions: tuple[str, ...] = ()) -> Fact:
    """The exception on the request of message `name` was approved, rejected, countered, withdrawn or expired."""
    exception_id, request_id = an_id(f"exception {name}"), an_id(f"request {name}")
    match outcome:
        case "approved":
            return ExceptionApproved(
                case_id=CASE,
                exception_id=exception_id,
                request_id=request_id,
                decided_by=("sue",),
                authority=LEAD,
                deviation=f"full refund for {name}",
                note="fair",
                language="en",
                conditions=conditions,
            )
        case "rejected":
            return ExceptionRejected(
                case_id=CASE,
                exception_id=exception_id,
                request_id=request_id,
                decided_by="sue",
                authority=LEAD,
                reason="no",
                language="en",
            )
        case "countered":
            return ExceptionCountered(
                case_id=CASE,
                exception_id=exception_id,
                request_id=request_id,
                decided_by="sue",
                authority=LEAD,
                offer="a voucher",
                reason="middle way",
                language="en",
            )
        case "withdrawn":
            return ExceptionWithdrawn(
                case_id=CASE, exception_id=exception_id, request_id=request_id, withdrawn_by="ana", reason="no need"
            )
        case _:
            return ExceptionExpired(
                case_id=CASE, exception_id=exception_id, request_id=request_id, reason="silence", language="en"
            )
