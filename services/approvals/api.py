"""Approvals over HTTP: decide on exceptions, list them, read and explain the authority matrix."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, assert_never
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.approvals.domain.commands import Approve, CounterOffer, Decision, Reject, Withdraw
from services.approvals.domain.policies import authority
from services.approvals.domain.policies.authority import AuthorityRules, Refusal
from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.approvals import ApprovalGiven, ExceptionRequested
from shared.contracts.values import Money, Quorum
from shared.kernel.errors import MalformedInput
from shared.runtime.auth import Caller, caller
from shared.runtime.outcome import Outcome
from shared.runtime.service import shell_of
from shared.runtime.shell import Shell

router = APIRouter(tags=["approvals"])
Words = Annotated[str, Field(min_length=1, max_length=4000)]
Decider = Annotated[Caller, Depends(caller("agent", "supervisor", "manager"))]
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor", "ops"))]
TheShell = Annotated[Shell[Any, Any], Depends(shell_of)]


def rules_of(request: Request) -> AuthorityRules:
    """FastAPI dependency: the authority rules in force."""
    rules = request.app.state.authority
    assert isinstance(rules, AuthorityRules)
    return rules


TheRules = Annotated[AuthorityRules, Depends(rules_of)]


class Body(BaseModel):
    """What a request may say; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ApproveBody(Body):
    """Agree. `amount` only where the proposal names none; both people are recorded with `on_behalf_of`."""

    decision: Literal["approve"]
    note: Words
    conditions: tuple[Words, ...] = Field(default=(), max_length=20)
    amount: Money | None = None
    on_behalf_of: str | None = None


class RejectBody(Body):
    """Say no; the customer is told the reason."""

    decision: Literal["reject"]
    reason: Words
    on_behalf_of: str | None = None


class CounterBody(Body):
    """Offer something else, worth `amount` where it is worth money."""

    decision: Literal["counter"]
    offer: Words
    reason: Words
    amount: Money | None = None
    on_behalf_of: str | None = None


class WithdrawBody(Body):
    """Take one's own proposal back."""

    decision: Literal["withdraw"]
    reason: Words


DecisionBody = Annotated[
    ApproveBody | RejectBody | CounterBody | WithdrawBody,
    Field(
        discriminator="decision",
        examples=[
            {"decision": "approve", "note": "loyal customer", "conditions": ["the item comes back"]},
            {"decision": "counter", "offer": "a voucher", "reason": "the period is over", "amount": None},
        ],
    ),
]


class ExceptionView(BaseModel):
    """An exception as it stands: `state` is requested, approved, rejected, countered, withdrawn or expired."""

    exception_id: UUID
    state: str
    required_role: str
    deadline: datetime
    escalated: bool
    requested: ExceptionRequested
    voices: list[ApprovalGiven]
    decision: dict[str, Any] | None = Field(description="The fact that decided it, as it is on the wire.")


class RoleAnswer(BaseModel):
    """Whether one role may decide, and why not."""

    role: str
    level: int
    may_decide: bool
    reason: str | None


class Explanation(BaseModel):
    """Who may decide on such an exception, and why; `deadline` is as if it were proposed now."""

    matrix: str
    required_role: str
    why: str
    quorum: Quorum
    deadline: datetime
    roles: list[RoleAnswer]


@router.post("/cases/{case_id}/exceptions/{exception_id}/decision", summary="Decide on an exception")
async def decide_on_exception(
    case_id: UUID, exception_id: UUID, body: DecisionBody, who: Decider, shell: TheShell
) -> Outcome:
    """Approve, reject, make a counter-offer, or withdraw one's own proposal.

    409 with a reason code when the caller lacks the authority, decides on their own proposal, has spoken before, or
    comes after the decision; the attempt is on record then.
    """
    command = _command(case_id, exception_id, body, who, shell.now())
    on_behalf_of = None if isinstance(command, Withdraw) else command.on_behalf_of
    return await shell.execute(command, who, on_behalf_of=on_behalf_of)


@router.get("/cases/{case_id}/exceptions", summary="List a case's exceptions")
async def list_exceptions(case_id: UUID, _who: Reader, shell: TheShell) -> list[ExceptionView]:
    """Give the exceptions of a case in the order in which they were proposed; empty for a case without any."""
    state = await shell.state(case_id)
    return [_view(exception) for exception in state.by_id.values()]


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
) -> Explanation:
    """Tell which role an exception of this kind and amount needs, how many must agree, and which roles may not."""
    if (amount is None) != (currency is None):
        missing = "amount" if amount is None else "currency"
        raise MalformedInput("amount and currency go together", field=missing, fix=f"add {missing}, or drop both")
    money = None if amount is None or currency is None else Money(amount=amount, currency=currency)
    needed = authority.requirement(rules, kind, money, shell.now())
    answers = []
    for name, role in sorted(rules.matrix.roles.items(), key=lambda entry: entry[1].level):
        found = authority.authority(rules.matrix, [name], required=needed.role, kind=kind, amount=money)
        reason = found.reason if isinstance(found, Refusal) else None
        answers.append(RoleAnswer(role=name, level=role.level, may_decide=reason is None, reason=reason))
    return Explanation(
        matrix=rules.matrix.version,
        required_role=needed.role,
        why=needed.why,
        quorum=needed.quorum,
        deadline=needed.deadline,
        roles=answers,
    )


def _command(
    case_id: UUID,
    exception_id: UUID,
    body: ApproveBody | RejectBody | CounterBody | WithdrawBody,
    who: Caller,
    now: datetime,
) -> Decision | Withdraw:
    match body:
        case ApproveBody(note=note, on_behalf_of=principal, conditions=conditions, amount=amount):
            return Approve(case_id, now, who.name, who.roles, exception_id, note, principal, conditions, amount)
        case RejectBody(reason=reason, on_behalf_of=principal):
            return Reject(case_id, now, who.name, who.roles, exception_id, reason, principal)
        case CounterBody(offer=offer, reason=reason, on_behalf_of=principal, amount=amount):
            return CounterOffer(case_id, now, who.name, who.roles, exception_id, offer, reason, principal, amount)
        case WithdrawBody(reason=reason):
            return Withdraw(case_id, now, who.name, who.roles, exception_id, reason)
        case _:
            assert_never(body)


def _view(exception: OpenOrDecided) -> ExceptionView:
    decision = exception.decision
    return ExceptionView(
        exception_id=exception.requested.exception_id,
        state="requested" if decision is None else decision.TYPE.split(".")[1].removeprefix("exception_"),
        required_role=exception.required_role,
        deadline=exception.deadline,
        escalated=exception.escalated,
        requested=exception.requested,
        voices=list(exception.voices),
        decision=None if decision is None else {"type": decision.TYPE, **decision.model_dump(mode="json")},
    )
