"""Authority over HTTP: the matrix, who may decide on what, and like cases that were decided differently."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from services.approvals.adapters import records
from services.approvals.api.asking import Overseer, Reader, TheRules, TheShell
from services.approvals.domain.policies.authority import Matter, cited
from services.approvals.domain.policies.consistency import Unlike, decided_differently
from services.approvals.domain.policies.explaining import explain
from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.policies.precedents import Decided
from shared.contracts.values import Money, Quorum
from shared.kernel.errors import MalformedInput

router = APIRouter()
REPORTED_DAYS = 90
COMPARED = 2000


class RoleAnswer(BaseModel):
    """Whether one role may decide, and why not."""

    role: str
    level: int
    may_decide: bool
    reason: str | None


class LevelAnswer(BaseModel):
    """A level that it reaches when nobody decides before: role, quorum, and time to decide in working hours."""

    role: str
    quorum: Quorum
    working_hours: float


class Explanation(BaseModel):
    """Who may decide on such an exception, and why; `deadline` is as if it were proposed now."""

    matrix: str
    required_role: str
    why: str
    quorum: Quorum
    deadline: datetime
    roles: list[RoleAnswer]
    levels: list[LevelAnswer]


class DecisionView(BaseModel):
    """One decided exception of a group."""

    exception_id: UUID
    case_id: UUID
    outcome: str
    decided_at: datetime
    decided_by: list[str]
    on_behalf_of: str | None
    amount: Money | None
    granted: Money | None
    deviation: str
    note: str
    precedents_seen: bool | None
    facts: dict[str, str]


class UnlikeView(BaseModel):
    """Like exceptions with different outcomes; `differs_in` gives, by name, the values that are not the same in all."""

    clause: str
    kind: str
    role: str
    alike: float = Field(ge=0, le=1)
    outcomes: dict[str, int]
    differs_in: dict[str, list[str]]
    decisions: list[DecisionView]


class ConsistencyReport(BaseModel):
    """Like cases decided differently since an instant, the most alike first.

    Like are exceptions from the same clause, of the same kind, decided by the same role, with amounts in one currency
    of which the larger is at most twice the smaller. `truncated`: there were more decisions than are compared.
    """

    since: datetime
    compared: int
    truncated: bool
    groups: list[UnlikeView]


@router.get("/authority/matrix", summary="Read the authority matrix")
async def read_matrix(_who: Reader, rules: TheRules) -> Matrix:
    """Give the matrix in force, with its version."""
    return rules.matrix


@router.get("/authority/explain", summary="Explain who may decide")
async def explain_authority(
    _who: Reader,
    shell: TheShell,
    rules: TheRules,
    kind: Annotated[str, Query(description="A demand kind.", examples=["buyers_remorse"])],
    amount: Annotated[Decimal | None, Query(ge=0, max_digits=18, decimal_places=4)] = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$", description="ISO 4217 code.")] = None,
    clause: Annotated[str | None, Query(description="policy/clause", examples=["shop/R-2"])] = None,
) -> Explanation:
    """Tell which role an exception of this kind, clause and amount needs, how many must agree, and who may not."""
    if (amount is None) != (currency is None):
        missing = "amount" if amount is None else "currency"
        raise MalformedInput("amount and currency go together", field=missing, fix=f"add {missing}, or drop both")
    money = None if amount is None or currency is None else Money(amount=amount, currency=currency)
    told = explain(rules, Matter(kind, clause, money), shell.now())
    roles = [RoleAnswer(**role._asdict()) for role in told.roles]
    levels = [LevelAnswer(**level._asdict()) for level in told.levels]
    return Explanation(**(told._asdict() | {"roles": roles, "levels": levels}))


@router.get("/reports/consistency", summary="Like cases decided differently")
async def report_consistency(
    _who: Overseer,
    shell: TheShell,
    since: Annotated[AwareDatetime | None, Query(description="Decided from here on; 90 days ago by default.")] = None,
) -> ConsistencyReport:
    """Give groups of like exceptions that were decided differently, with who decided and in what they differ."""
    start = since or shell.now() - timedelta(days=REPORTED_DAYS)
    decided = await records.decided_since(shell, start, COMPARED + 1)
    compared = decided[:COMPARED]
    groups = await asyncio.to_thread(decided_differently, compared)
    return ConsistencyReport(
        since=start,
        compared=len(compared),
        truncated=len(decided) > COMPARED,
        groups=[_unlike(group) for group in groups],
    )


def _unlike(group: Unlike) -> UnlikeView:
    first = group.decisions[0]
    outcomes = [one.outcome for one in group.decisions]
    return UnlikeView(
        clause=cited(first.about.clause),
        kind=first.about.kind,
        role=first.role,
        alike=group.alike,
        outcomes={outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        differs_in={name: list(values) for name, values in group.differs_in.items()},
        decisions=[_decision(one) for one in group.decisions],
    )


def _decision(one: Decided) -> DecisionView:
    shown: dict[str, Any] = {
        name: getattr(one, name) for name in DecisionView.model_fields if name not in ("amount", "facts")
    }
    return DecisionView(**shown, amount=one.about.amount, facts=dict(one.about.facts))
