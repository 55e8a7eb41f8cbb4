"""An authority matrix, exceptions and decisions to test approvals with."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from services.approvals.domain.commands import Approve, CounterOffer, Reject, RequestException, Withdraw
from services.approvals.domain.policies.authority import AuthorityRules
from services.approvals.domain.policies.matrix import Matrix
from shared.contracts.approvals import ApprovalGiven, ExceptionRequested
from shared.contracts.values import Authority, ClauseRef, Money, Quorum
from shared.kernel.worktime import Calendar

CASE = UUID("0190a000-0000-7000-8000-000000000001")
EXCEPTION = UUID("0190a000-0000-7000-8000-0000000000e1")
REQUEST = UUID("0190a000-0000-7000-8000-0000000000a1")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OFFICE = Calendar("UTC", ((((time(9), time(17)),),) * 5) + ((), ()))
CLAUSE = ClauseRef(policy="shop", version="1", clause="returns", text="Returns within 30 days.")
WRITTEN: dict[str, Any] = {
    "version": "m1",
    "calendar": "calendars/default.yaml",
    "roles": {
        "lead": {
            "level": 1,
            "kinds": ["product_or_service_failure"],
            "limit": {"amount": "50", "currency": "USD"},
            "deadline_working_hours": 2,
            "escalates_to": "supervisor",
        },
        "supervisor": {
            "level": 2,
            "kinds": ["*"],
            "limit": {"amount": "250", "currency": "USD"},
            "deadline_working_hours": 4,
            "escalates_to": "manager",
        },
        "manager": {
            "level": 3,
            "kinds": ["*"],
            "limit": {"amount": "5000", "currency": "USD"},
            "deadline_working_hours": 8,
        },
    },
    "unknown_amount": {"*": "supervisor", "customer_dispute": "manager"},
    "quorum": [
        {"kinds": ["policy_restriction"], "needs": {"kind": "all", "needed": 2, "named": ["sue", "sid"]}},
        {"kinds": ["*"], "above": {"amount": "1000", "currency": "USD"}, "needs": {"kind": "n", "needed": 2}},
    ],
    "delegations": [
        {
            "principal": "max",
            "delegate": "ana",
            "role": "manager",
            "kinds": ["buyers_remorse"],
            "first_day": "2026-11-20",
            "last_day": "2026-11-23",
        },
        {
            "principal": "sue",
            "delegate": "ben",
            "role": "supervisor",
            "first_day": "2026-11-01",
            "last_day": "2026-12-31",
        },
    ],
}
RULES = AuthorityRules(Matrix.model_validate(WRITTEN), OFFICE)
PEOPLE = {"ana": (), "ben": (), "liz": ("lead",), "sue": ("supervisor",), "sid": ("supervisor",)} | {
    "max": ("manager",),
    "mia": ("manager",),
}


def usd(amount: str | int) -> Money:
    """Give an amount in US dollars."""
    return Money(amount=Decimal(amount), currency="USD")


def request(
    amount: Money | None = None, kind: str = "buyers_remorse", proposed_by: str = "ana", number: int = 1
) -> RequestException:
    """Ask for a deviation worth `amount`; `number` tells exceptions of the case apart."""
    return RequestException(
        case_id=CASE,
        now=MONDAY,
        exception_id=exception_id(number),
        request_id=REQUEST,
        kind=kind,
        clause=CLAUSE,
        deviation="full refund after 40 days",
        reason="loyal customer",
        proposed_by=proposed_by,
        language="en",
        amount=amount,
    )


def exception_id(number: int) -> UUID:
    """Give the id of the n-th exception of the case."""
    return EXCEPTION if number == 1 else uuid5(EXCEPTION, str(number))


def requested(
    role: str = "supervisor",
    amount: Money | None = None,
    kind: str = "buyers_remorse",
    quorum: Quorum | None = None,
    deadline: datetime = MONDAY + timedelta(hours=4),
) -> ExceptionRequested:
    """Give the fact that an exception waits, proposed by ana."""
    return ExceptionRequested(
        case_id=CASE,
        exception_id=EXCEPTION,
        request_id=REQUEST,
        kind=kind,
        clause=CLAUSE,
        deviation="full refund after 40 days",
        reason="loyal customer",
        proposed_by="ana",
        required_role=role,
        quorum=quorum or Quorum(),
        deadline=deadline,
        language="en",
        amount=amount,
    )


def approve(
    actor: str,
    amount: Money | None = None,
    on_behalf_of: str | None = None,
    conditions: tuple[str, ...] = (),
    now: datetime = MONDAY,
) -> Approve:
    """Say yes as one of PEOPLE."""
    return Approve(CASE, now, actor, PEOPLE[actor], EXCEPTION, "fair", on_behalf_of, conditions, amount)


def reject(actor: str, on_behalf_of: str | None = None) -> Reject:
    """Say no as one of PEOPLE."""
    return Reject(CASE, MONDAY, actor, PEOPLE[actor], EXCEPTION, "the period is over", on_behalf_of)


def counter(actor: str, amount: Money | None = None) -> CounterOffer:
    """Offer a voucher instead as one of PEOPLE."""
    return CounterOffer(CASE, MONDAY, actor, PEOPLE[actor], EXCEPTION, "a voucher", "middle way", None, amount)


def withdraw(actor: str) -> Withdraw:
    """Take the proposal back as one of PEOPLE."""
    return Withdraw(CASE, MONDAY, actor, PEOPLE[actor], EXCEPTION, "settled otherwise")


def given(actor: str, role: str, amount: Money | None = None, conditions: tuple[str, ...] = ()) -> ApprovalGiven:
    """Give the fact that one person agreed."""
    return ApprovalGiven(
        case_id=CASE,
        exception_id=EXCEPTION,
        decided_by=actor,
        authority=authority_of(role),
        note="fair",
        conditions=conditions,
        amount=amount,
        precedents_seen=False,
    )


def authority_of(role: str) -> Authority:
    """Give the authority that the test matrix gives a role."""
    return Authority(role=role, limit=RULES.matrix.roles[role].limit_in("USD"), matrix="m1")
