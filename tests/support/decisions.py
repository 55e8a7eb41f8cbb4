"""Decided exceptions to compare: by clause, kind, amount, outcome and facts."""

from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid5

from services.approvals.domain.policies.precedents import Decided, Like
from shared.contracts.values import ClauseRef, Money
from tests.support.exceptions import CASE, EXCEPTION, MONDAY


def about(
    clause: str = "returns",
    kind: str = "buyers_remorse",
    amount: Money | None = None,
    *,
    policy: str = "shop",
    version: str = "1",
    **facts: str,
) -> Like:
    """Give what an exception is compared by."""
    cited = ClauseRef(policy=policy, version=version, clause=clause, text="Words of the clause.")
    return Like(cited, kind, amount, MappingProxyType(facts))


def decided(
    number: int, like: Like, outcome: str = "approved", *, role: str = "supervisor", by: str = "sue"
) -> Decided:
    """Give the n-th decided exception; a higher number was decided later."""
    return Decided(
        exception_id=id_of(number),
        case_id=uuid5(CASE, str(number)),
        about=like,
        deviation="full refund after 40 days",
        outcome=outcome,
        decided_at=_at(number),
        decided_by=(by,),
        role=role,
        note="fair",
    )


def id_of(number: int) -> UUID:
    """Give the id of the n-th decided exception."""
    return uuid5(EXCEPTION, f"decided {number}")


def _at(number: int) -> datetime:
    return MONDAY + timedelta(hours=number)
