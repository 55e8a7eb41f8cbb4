"""A wider authority matrix than that of `exceptions`: currencies, clauses, shares, floors, and delegations given."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from services.approvals.domain.commands import Approve, Reject
from services.approvals.domain.policies.authority import AuthorityRules
from services.approvals.domain.policies.matrix import Matrix
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.values import ClauseRef, Money
from tests.support.exceptions import CASE, EXCEPTION, MONDAY, OFFICE

WIDE: dict[str, Any] = {
    "version": "w1",
    "calendar": "calendars/default.yaml",
    "roles": {
        "supervisor": {
            "level": 1,
            "kinds": ["*"],
            "limits": {"USD": "250", "EUR": "230"},
            "deadline_working_hours": 4,
            "escalates_to": "manager",
        },
        "manager": {"level": 2, "kinds": ["*"], "limits": {"USD": "5000"}, "deadline_working_hours": 8},
    },
    "unknown_amount": {"*": "supervisor"},
    "at_least": [{"clauses": ["shop/final"], "role": "manager"}],
    "quorum": [
        {"kinds": ["overly_demanding"], "needs": {"kind": "percent", "percent": 60, "of_role": "manager"}},
        {"kinds": ["negative_review"], "needs": {"kind": "n", "needed": 2, "named": ["max", "mia", "moe"]}},
        {"kinds": ["policy_restriction"], "role": "manager", "needs": {"kind": "n", "needed": 2}},
    ],
    "holders": {"manager": ["max", "mia", "moe", "may", "mo"]},
    "delegations": [],
}
RULES = AuthorityRules(Matrix.model_validate(WIDE), OFFICE)
HOLDS: dict[str, tuple[str, ...]] = {
    "ana": ("agent",),
    "ben": ("agent",),
    "sue": ("supervisor",),
    "sid": ("supervisor",),
    "max": ("manager",),
    "mia": ("manager",),
    "moe": ("manager",),
    "may": ("manager",),
    "mo": ("manager",),
}
RETURNS = ClauseRef(policy="shop", version="1", clause="returns", text="Returns within 30 days.")
FINAL = ClauseRef(policy="shop", version="1", clause="final", text="A final sale is final.")


def delegation(
    principal: str,
    delegate: str,
    role: str = "supervisor",
    *,
    kinds: tuple[str, ...] = ("*",),
    clauses: tuple[str, ...] = ("*",),
    cap: Money | None = None,
    days: tuple[date, date] = (date(2026, 11, 20), date(2026, 11, 25)),
) -> DelegationGiven:
    """Give the fact that somebody delegated; in force on the Monday of the tests unless `days` say otherwise."""
    return DelegationGiven(
        delegation_id=uuid5(EXCEPTION, f"{principal} to {delegate}"),
        principal=principal,
        delegate=delegate,
        role=role,
        kinds=kinds,
        clauses=clauses,
        first_day=days[0],
        last_day=days[1],
        reason="on leave",
        cap=cap,
    )


def yes(
    actor: str,
    *,
    amount: Money | None = None,
    on_behalf_of: str | None = None,
    given: Sequence[DelegationGiven] = (),
    valid_until: datetime | None = None,
    now: datetime = MONDAY,
    exception_id: UUID = EXCEPTION,
) -> Approve:
    """Say yes with the roles of the person's token and the delegations that were found."""
    return Approve(
        CASE,
        now,
        actor,
        HOLDS[actor],
        exception_id,
        "fair",
        on_behalf_of,
        (),
        amount,
        valid_until,
        delegations=tuple(given),
    )


def no(
    actor: str, *, on_behalf_of: str | None = None, given: Sequence[DelegationGiven] = (), now: datetime = MONDAY
) -> Reject:
    """Say no with the roles of the person's token and the delegations that were found."""
    return Reject(
        CASE, now, actor, HOLDS[actor], EXCEPTION, "the period is over", on_behalf_of, delegations=tuple(given)
    )
