"""Exceptions over HTTP: decide on them, replace one, say what became of a decision, list them."""

from datetime import datetime
from typing import Annotated, Any, Literal, assert_never
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from services.approvals.adapters.records import delegations_to
from services.approvals.api.asking import Body, Decider, Reader, TheShell, Words
from services.approvals.domain.commands import (
    AnswerCounter,
    Approve,
    CounterOffer,
    Decision,
    Reject,
    Supersede,
    UseException,
    Withdraw,
)
from services.approvals.domain.state import OpenOrDecided
from shared.contracts.approvals import ApprovalGiven, ExceptionRequested, RejectionGiven
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.values import Money, Quorum
from shared.runtime.as_of import AsOf
from shared.runtime.auth import Caller
from shared.runtime.outcome import Outcome
from shared.runtime.past_state import state_as_of

router = APIRouter()


class ApproveBody(Body):
    """Agree. `amount` only where the proposal names none; both people are recorded with `on_behalf_of`."""

    decision: Literal["approve"]
    note: Words
    conditions: tuple[Words, ...] = Field(default=(), max_length=20)
    amount: Money | None = None
    valid_until: AwareDatetime | None = Field(default=None, description="By when it must be used, or it lapses.")
    on_behalf_of: str | None = None


class RejectBody(Body):
    """Say no; the customer is told the reason. In a quorum of n or percent others may still make it up."""

    decision: Literal["reject"]
    reason: Words
    on_behalf_of: str | None = None


class CounterBody(Body):
    """Offer something else, worth `amount` where it is worth money."""

    decision: Literal["counter"]
    offer: Words
    reason: Words
    amount: Money | None = None
    valid_until: AwareDatetime | None = Field(default=None, description="By when the customer must take it.")
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


class SupersedeBody(Body):
    """Put another proposal in the place of one's own; what is left out stays as it was."""

    reason: Words = Field(examples=["the customer found the receipt: the price was lower"])
    deviation: Words | None = None
    amount: Money | None = Field(default=None, examples=[{"amount": "80.00", "currency": "USD"}])


class AnswerBody(Body):
    """What the customer says to a counter-offer, and in which message."""

    accepted: bool
    message_id: UUID = Field(description="The message in which the customer says so.")


class UseBody(Body):
    """That what was approved has been carried out, and how that is known."""

    evidence: Words = Field(examples=["refund 2231 of 2 December"])


class ExceptionView(BaseModel):
    """An exception as it stands.

    `state` is requested, approved, rejected, countered, withdrawn, expired or superseded; `after` is what became of
    the decision: used, accepted, declined or lapsed.
    """

    exception_id: UUID
    state: str
    required_role: str
    deadline: datetime
    escalated: bool
    requested: ExceptionRequested
    quorum: Quorum
    voices: list[ApprovalGiven]
    noes: list[RejectionGiven]
    decision: dict[str, Any] | None = Field(description="The fact that decided it, as it is on the wire.")
    after: str | None
    superseded_by: UUID | None


@router.post("/cases/{case_id}/exceptions/{exception_id}/decision", summary="Decide on an exception")
async def decide_on_exception(
    case_id: UUID, exception_id: UUID, body: DecisionBody, who: Decider, shell: TheShell
) -> Outcome:
    """Approve, reject, make a counter-offer, or withdraw one's own proposal.

    409 with a reason code when the caller lacks the authority, decides on their own proposal or on a limit that they
    stated, has spoken before, or comes after the decision; the attempt is on record then.
    """
    on_behalf_of = None if isinstance(body, WithdrawBody) else body.on_behalf_of
    given = await delegations_to(shell.database, who.name) if on_behalf_of else ()
    command = _command(case_id, exception_id, body, who, shell.now(), given)
    return await shell.execute(command, who, on_behalf_of=on_behalf_of)


@router.post("/cases/{case_id}/exceptions/{exception_id}/supersede", summary="Replace one's own proposal")
async def supersede_exception(
    case_id: UUID, exception_id: UUID, body: SupersedeBody, who: Decider, shell: TheShell
) -> Outcome:
    """Put another proposal in the place of one's own that waits; the old one stays on record and is never decided."""
    new_id = shell.new_id()
    command = Supersede(
        case_id, shell.now(), who.name, who.roles, exception_id, new_id, body.reason, body.deviation, body.amount
    )
    return await shell.execute(command, who)


@router.post("/cases/{case_id}/exceptions/{exception_id}/counter-answer", summary="Note what the customer says")
async def answer_counter(case_id: UUID, exception_id: UUID, body: AnswerBody, who: Decider, shell: TheShell) -> Outcome:
    """Note that the customer takes or declines a counter-offer; 409 when nothing was offered or its time is over."""
    command = AnswerCounter(case_id, shell.now(), who.name, who.roles, exception_id, body.accepted, body.message_id)
    return await shell.execute(command, who)


@router.post("/cases/{case_id}/exceptions/{exception_id}/use", summary="Note that it was carried out")
async def use_exception(case_id: UUID, exception_id: UUID, body: UseBody, who: Decider, shell: TheShell) -> Outcome:
    """Note that what was approved has been carried out, so that it does not lapse."""
    command = UseException(case_id, shell.now(), who.name, who.roles, exception_id, body.evidence)
    return await shell.execute(command, who)


@router.get("/cases/{case_id}/exceptions", summary="List a case's exceptions")
async def list_exceptions(case_id: UUID, _who: Reader, shell: TheShell, as_of: AsOf) -> list[ExceptionView]:
    """Give the exceptions of a case in the order in which they were proposed; empty for a case without any."""
    state = await state_as_of(shell, case_id, as_of)
    return [_view(exception) for exception in state.by_id.values()]


def _command(
    case_id: UUID,
    exception_id: UUID,
    body: ApproveBody | RejectBody | CounterBody | WithdrawBody,
    who: Caller,
    now: datetime,
    given: tuple[DelegationGiven, ...],
) -> Decision | Withdraw:
    roles = who.roles
    match body:
        case ApproveBody(note=note, on_behalf_of=by, conditions=conditions, amount=amount, valid_until=until):
            return Approve(
                case_id, now, who.name, roles, exception_id, note, by, conditions, amount, until, delegations=given
            )
        case RejectBody(reason=reason, on_behalf_of=by):
            return Reject(case_id, now, who.name, roles, exception_id, reason, by, delegations=given)
        case CounterBody(offer=offer, reason=reason, on_behalf_of=by, amount=amount, valid_until=until):
            return CounterOffer(
                case_id, now, who.name, roles, exception_id, offer, reason, by, amount, until, delegations=given
            )
        case WithdrawBody(reason=reason):
            return Withdraw(case_id, now, who.name, roles, exception_id, reason)
        case _:
            assert_never(body)


def _view(exception: OpenOrDecided) -> ExceptionView:
    decision, after = exception.decision, exception.after
    replaced = getattr(decision, "superseded_by", None)
    return ExceptionView(
        exception_id=exception.requested.exception_id,
        state="requested" if decision is None else _word(decision.TYPE),
        required_role=exception.required_role,
        deadline=exception.deadline,
        escalated=exception.escalated,
        requested=exception.requested,
        quorum=exception.quorum,
        voices=list(exception.voices),
        noes=list(exception.noes),
        decision=None if decision is None else {"type": decision.TYPE, **decision.model_dump(mode="json")},
        after=None if after is None else _word(after.TYPE),
        superseded_by=replaced,
    )


def _word(wire_type: str) -> str:
    """Give a wire type's last word: approvals.exception_approved.v1 is approved."""
    return wire_type.split(".")[1].rpartition("_")[2]
