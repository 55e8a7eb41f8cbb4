"""Triage over HTTP: read and correct assessments, propose exceptions."""

from dataclasses import replace
from datetime import date
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.triage.api.asking import Agent, Body, Reader, TheOutline, ThePolicies, TheShell, Words, known
from services.triage.domain.commands import CorrectAssessment, Correction, ProposeException
from services.triage.domain.reactions import ids_from
from services.triage.domain.state import Assessment, Triage
from shared.contracts.values import ClauseRef, Money
from shared.runtime.as_of import AsOf
from shared.runtime.outcome import Outcome
from shared.runtime.past_state import state_as_of

router = APIRouter()


class CorrectionBody(Body):
    """What was read wrongly; fields that are left out stay as they were read."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kinds": ["buyers_remorse"], "remedy": "refund", "reason": "The customer changed their mind."}
            ]
        }
    )

    reason: Words
    kinds: tuple[str, ...] | None = Field(
        default=None, max_length=12, description="Leading kind first; [] asks nothing."
    )
    remedy: str | None = None
    urgency: Literal["low", "normal", "high", "critical"] | None = None
    tone: str | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}$")
    emergency: bool | None = None
    amount: Money | None = None
    order: str | None = Field(default=None, max_length=40)
    days_since_purchase: int | None = Field(default=None, ge=0, le=36500)
    deadline: date | None = None
    appeals: bool | None = None
    settled: bool | None = None


class ExceptionBody(Body):
    """A deviation that an agent asks for. Without `clause`, from the clause that the request was refused by."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "request_id": "0199a3b1-7c00-7000-8000-000000000001",
                    "deviation": "a full refund after the return period",
                    "reason": "The parcel lay with us for three weeks.",
                    "clause": "R-2",
                    "amount": {"amount": "129.99", "currency": "USD"},
                }
            ]
        }
    )

    request_id: UUID
    deviation: Words
    reason: Words
    clause: str | None = None
    amount: Money | None = None


@router.get("/cases/{case_id}/assessments", summary="List a case's assessments")
async def list_assessments(case_id: UUID, _who: Reader, shell: TheShell, as_of: AsOf) -> list[Assessment]:
    """Give how the messages of a case are read, in the order in which they were read; empty for an unknown case."""
    state: Triage = await state_as_of(shell, case_id, as_of)
    return list(state.assessments.values())


class RequestView(BaseModel):
    """One thing that a customer asked for, and the clause of the boundary that was stated for it, if one was."""

    request_id: UUID
    message_id: UUID
    kind: str
    remedy: str | None
    waits_for_information: bool
    refused_by: ClauseRef | None


@router.get("/cases/{case_id}/requests", summary="List a case's requests")
async def list_requests(case_id: UUID, _who: Reader, shell: TheShell, as_of: AsOf) -> list[RequestView]:
    """Give every single request of a case, in the order in which they were made; empty for an unknown case."""
    state: Triage = await state_as_of(shell, case_id, as_of)
    refused = {boundary.request_id: boundary.clause for boundary in state.boundaries}
    return [
        RequestView(
            request_id=request_id,
            message_id=one.message_id,
            kind=one.reading.kinds[0] if one.reading.kinds else "other",
            remedy=one.reading.remedy,
            waits_for_information=request_id in state.waiting,
            refused_by=refused.get(request_id),
        )
        for request_id, one in state.requests.items()
    ]


@router.post("/cases/{case_id}/assessments/{message_id}/correction", summary="Correct an assessment")
async def correct_assessment(
    case_id: UUID, message_id: UUID, body: CorrectionBody, who: Agent, shell: TheShell, outline: TheOutline
) -> Outcome:
    """Read a message otherwise. When the policy answers the corrected reading otherwise, that answer follows.

    409 with a reason code when the message has not been assessed; no events when nothing is read otherwise.
    """
    known("kinds", body.kinds or (), outline.kinds)
    known("remedy", (body.remedy,) if body.remedy else (), outline.remedies)
    known("tone", (body.tone,) if body.tone else (), outline.tones)
    changes = body.model_dump(exclude={"reason", "amount", "deadline"})
    correction = Correction(
        **changes, amount=body.amount, deadline=body.deadline.isoformat() if body.deadline else None
    )
    command = CorrectAssessment(
        case_id, shell.now(), who.name, who.roles, message_id, correction, body.reason, ids_from(shell.new_id())
    )
    return await shell.execute(command, who)


@router.post("/cases/{case_id}/exceptions", summary="Propose an exception")
async def propose_exception(
    case_id: UUID, body: ExceptionBody, who: Agent, shell: TheShell, policies: ThePolicies
) -> Outcome:
    """Ask for a deviation from a clause, for a request that a customer made in this case.

    409 with a reason code when there is no such request, no clause to deviate from, or the same was proposed before.
    """
    command = ProposeException(
        case_id, shell.now(), who.name, who.roles, shell.new_id(), body.request_id, body.deviation, body.reason,
        amount=body.amount,
    )  # fmt: skip
    if body.clause is not None:
        state: Triage = await shell.state(case_id)
        asked = state.request(body.request_id)
        pinned = state.policy
        pack = (
            policies.pack(pinned.policy, pinned.version)
            if pinned
            else policies.pack_in_force(policies.leading, command.now)
        )
        command = replace(command, clause=pack.quote(body.clause, asked.reading.language if asked else "en"))
    return await shell.execute(command, who)
