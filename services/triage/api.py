"""Triage over HTTP: read and correct assessments, propose exceptions, read and evaluate the policy."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.commands import CorrectAssessment, Correction, ProposeException
from services.triage.domain.policies.pack import Clause
from services.triage.domain.policies.rulebook import Outline
from services.triage.domain.policies.ruling import Question, Ruling
from services.triage.domain.reactions import ids_from
from services.triage.domain.state import Assessment, Triage
from shared.contracts.values import Money
from shared.kernel.errors import MalformedInput
from shared.runtime.auth import Caller, caller
from shared.runtime.outcome import Outcome
from shared.runtime.service import shell_of
from shared.runtime.shell import Shell

router = APIRouter(tags=["triage"])
Words = Annotated[str, Field(min_length=1, max_length=4000)]
Agent = Annotated[Caller, Depends(caller("agent", "supervisor", "manager"))]
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor", "ops"))]
TheShell = Annotated[Shell[Any, Any], Depends(shell_of)]


def policy_of(request: Request) -> PolicyPack:
    """FastAPI dependency: the policy in force."""
    policy = request.app.state.policy
    assert isinstance(policy, PolicyPack)
    return policy


def outline_of(request: Request) -> Outline:
    """FastAPI dependency: the vocabularies of assessment."""
    outline = request.app.state.outline
    assert isinstance(outline, Outline)
    return outline


ThePolicy = Annotated[PolicyPack, Depends(policy_of)]
TheOutline = Annotated[Outline, Depends(outline_of)]


class Body(BaseModel):
    """What a request may say; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


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


class QuestionBody(Body):
    """The facts of a request, as the policy's decision table sees them; what is unknown is left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "perfectionist_standard",
                    "remedy": "refund",
                    "topics": ["minor_damage"],
                    "days_since_purchase": 121,
                    "amount": {"amount": "129.99", "currency": "USD"},
                    "language": "en",
                    "channel": "chat",
                }
            ]
        }
    )

    kind: str
    kinds: tuple[str, ...] = ()
    remedy: str | None = None
    topics: tuple[str, ...] = ()
    tone: str = "calm"
    urgency: str = "normal"
    emergency: bool = False
    appeals: bool = False
    confidence: float = Field(default=1.0, ge=0, le=1)
    amount: Money | None = None
    days_since_purchase: int | None = Field(default=None, ge=0)
    language: str = "en"
    channel: str = "email"


class PolicyView(BaseModel):
    """A policy pack in force, with its clauses."""

    id: str
    version: str
    effective: date
    owner: str
    languages: tuple[str, ...]
    clauses: list[Clause]


@router.get("/cases/{case_id}/assessments", summary="List a case's assessments")
async def list_assessments(case_id: UUID, _who: Reader, shell: TheShell) -> list[Assessment]:
    """Give how the messages of a case are read, in the order in which they were read; empty for an unknown case."""
    state: Triage = await shell.state(case_id)
    return list(state.assessments.values())


@router.post("/cases/{case_id}/assessments/{message_id}/correction", summary="Correct an assessment")
async def correct_assessment(
    case_id: UUID, message_id: UUID, body: CorrectionBody, who: Agent, shell: TheShell, outline: TheOutline
) -> Outcome:
    """Read a message otherwise. When the policy answers the corrected reading otherwise, that answer follows.

    409 with a reason code when the message has not been assessed; no events when nothing is read otherwise.
    """
    _known("kinds", body.kinds or (), outline.kinds)
    _known("remedy", (body.remedy,) if body.remedy else (), outline.remedies)
    _known("tone", (body.tone,) if body.tone else (), outline.tones)
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
    case_id: UUID, body: ExceptionBody, who: Agent, shell: TheShell, policy: ThePolicy
) -> Outcome:
    """Ask for a deviation from a clause, for a request that a customer made in this case.

    409 with a reason code when there is no such request, no clause to deviate from, or the same was proposed before.
    """
    command = ProposeException(
        case_id, shell.now(), who.name, who.roles, shell.new_id(), body.request_id, body.deviation, body.reason,
        amount=body.amount,
    )  # fmt: skip
    if body.clause is not None:
        asked = (await shell.state(case_id)).request(body.request_id)
        command = replace(command, clause=policy.quote(body.clause, asked.reading.language if asked else "en"))
    return await shell.execute(command, who)


@router.get("/policies", summary="Read the policy in force")
async def list_policies(_who: Reader, policy: ThePolicy) -> list[PolicyView]:
    """Give the policy packs in force, with their clauses in every language."""
    facts = policy.facts
    return [
        PolicyView(
            id=facts.id,
            version=facts.version,
            effective=facts.effective,
            owner=facts.owner,
            languages=facts.languages,
            clauses=list(policy.clauses.values()),
        )
    ]


@router.post("/policies/evaluate", summary="Ask the policy")
async def evaluate_policy(body: QuestionBody, _who: Reader, policy: ThePolicy, outline: TheOutline) -> Ruling:
    """Give what the policy in force answers to a request, and why; nothing is recorded."""
    _known("kind", (body.kind,), outline.kinds)
    _known("remedy", (body.remedy,) if body.remedy else (), outline.remedies)
    facts = {name: getattr(body, name) for name in QuestionBody.model_fields}
    return policy.evaluate(Question(**{**facts, "kinds": body.kinds or (body.kind,)}))


def _known(field: str, values: tuple[str, ...], vocabulary: tuple[str, ...]) -> None:
    for value in values:
        if value not in vocabulary:
            raise MalformedInput(f"{value!r} is unknown", field=field, fix=f"use one of {', '.join(vocabulary)}")
