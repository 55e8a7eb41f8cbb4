"""Intake over HTTP: measures on conduct, what helps a vulnerable customer, and how a customer and we stand."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from services.intake.adapters.parties import Parties
from services.intake.api.asking import Agent, Body, Reader, TheShell, Words
from services.intake.api.standing_views import StandingView, standing_view
from services.intake.domain.commands import (
    AppealMeasure,
    LiftMeasure,
    NoteVulnerability,
    RemoveVulnerability,
    ReviewMeasure,
    TakeMeasure,
    Terms,
)
from services.intake.domain.policies.standing import Measure
from shared.kernel.errors import NotFound
from shared.runtime.as_of import AsOf
from shared.runtime.outcome import Outcome
from shared.runtime.past_state import state_as_of
from shared.runtime.shell import Shell

router = APIRouter()
Term = Annotated[str, Field(min_length=1, max_length=200)]


def parties_of(request: Request) -> Parties:
    """FastAPI dependency: the people of cases."""
    parties = request.app.state.parties
    assert isinstance(parties, Parties)
    return parties


TheParties = Annotated[Parties, Depends(parties_of)]


class TermsBody(Body):
    """What goes with a measure, where it applies."""

    open_channel: Term | None = Field(default=None, examples=["email"])
    contact: Term | None = Field(default=None, examples=["Ben Bauer"])
    times: Term | None = Field(default=None, examples=["Mondays from 9 to 11"])

    def terms(self) -> Terms:
        """Give them as the rules take them."""
        return Terms(self.open_channel, self.contact, self.times)


class MeasureBody(TermsBody):
    """A measure on the case's customer, or on another who wrote in it. The customer is told the reason as written."""

    measure: Term = Field(examples=["warning"])
    category: Term = Field(examples=["behaviour"])
    reason: Words = Field(examples=["Two calls in which you insulted the person who wanted to help you."])
    evidence: tuple[UUID, ...] = Field(min_length=1, max_length=50, description="messages of the customer")
    adjustments: tuple[Words, ...] = Field(default=(), max_length=20, description="what was offered before")
    review_on: date = Field(examples=["2027-05-24"], description="at most as far ahead as the policy lets")
    customer_id: UUID | None = None


class AppealBody(Body):
    """In which message the customer appealed, where it was in one."""

    message_id: UUID | None = None


class ReviewBody(TermsBody):
    """What the measure becomes; the customer is told why. One that stays needs a new day of review when it is due."""

    outcome: Literal["kept", "changed", "lifted"]
    why: Words = Field(examples=["Nothing has happened since."])
    review_on: date | None = None


class LiftBody(Body):
    """Why the measure ends; the customer is told."""

    why: Words = Field(examples=["Nothing has happened since."])


class VulnerabilityBody(Body):
    """What makes life harder for the customer, and what helps; only staff see it."""

    driver: Term = Field(examples=["health"])
    support: Words = Field(examples=["Write in large letters, and give more time to answer."])
    source: Literal["said_by_customer", "observed"]
    consent: bool = Field(description="the customer agreed that it is kept")
    review_on: date = Field(examples=["2027-05-24"])
    customer_id: UUID | None = None


class RemovalBody(Body):
    """Why it is no longer kept."""

    why: Words = Field(examples=["The customer asked for it."])


@router.post("/cases/{case_id}/conduct-measures", status_code=201, summary="Take a measure on conduct")
async def take_measure(case_id: UUID, body: MeasureBody, who: Agent, shell: TheShell, parties: TheParties) -> Outcome:
    """Limit how a customer and we go on, and tell them why, until when, and how to appeal.

    409, on record in the case, for a role that may not, adjustments that were not offered, a missing warning.
    """
    customer_id = await parties.require(case_id, body.customer_id)
    await parties.require_said(case_id, customer_id, body.evidence)
    command = TakeMeasure(
        customer_id,
        shell.now(),
        case_id,
        who.name,
        who.roles,
        measure_id=shell.new_id(),
        measure=body.measure,
        category=body.category,
        reason=body.reason,
        evidence=body.evidence,
        adjustments=body.adjustments,
        review_on=body.review_on,
        terms=body.terms(),
        told=await parties.told(case_id, customer_id),
    )
    return await shell.execute(command, by=who)


@router.post("/customers/{customer_id}/conduct-measures/{measure_id}/appeal", summary="Note an appeal")
async def appeal_measure(customer_id: UUID, measure_id: UUID, body: AppealBody, who: Agent, shell: TheShell) -> Outcome:
    """Note that the customer wants the measure looked at again: from now on only somebody new to it decides."""
    measure = await _measure(customer_id, measure_id, shell)
    command = AppealMeasure(
        customer_id, shell.now(), measure.taken.case_id, who.name, who.roles, measure_id, body.message_id
    )
    return await shell.execute(command, by=who)


@router.post("/customers/{customer_id}/conduct-measures/{measure_id}/review", summary="Review a measure")
async def review_measure(
    customer_id: UUID, measure_id: UUID, body: ReviewBody, who: Agent, shell: TheShell, parties: TheParties
) -> Outcome:
    """Keep, change or lift a measure and tell the customer; 409, on record, for whoever may not decide on it."""
    measure = await _measure(customer_id, measure_id, shell)
    case_id = measure.taken.case_id
    command = ReviewMeasure(
        customer_id,
        shell.now(),
        case_id,
        who.name,
        who.roles,
        measure_id=measure_id,
        notice_id=shell.new_id(),
        outcome=body.outcome,
        why=body.why,
        review_on=body.review_on,
        terms=body.terms(),
        told=await parties.told(case_id, customer_id),
    )
    return await shell.execute(command, by=who)


@router.post("/customers/{customer_id}/conduct-measures/{measure_id}/lift", summary="Lift a measure")
async def lift_measure(
    customer_id: UUID, measure_id: UUID, body: LiftBody, who: Agent, shell: TheShell, parties: TheParties
) -> Outcome:
    """End a measure before its review and tell the customer; 409, on record, for whoever may not."""
    measure = await _measure(customer_id, measure_id, shell)
    case_id = measure.taken.case_id
    told = await parties.told(case_id, customer_id)
    command = LiftMeasure(
        customer_id, shell.now(), case_id, who.name, who.roles, measure_id, shell.new_id(), body.why, told
    )
    return await shell.execute(command, by=who)


@router.post("/cases/{case_id}/vulnerabilities", status_code=201, summary="Note a vulnerability")
async def note_vulnerability(
    case_id: UUID, body: VulnerabilityBody, who: Agent, shell: TheShell, parties: TheParties
) -> Outcome:
    """Keep what makes life harder for the customer and what helps; their cases come first from now on."""
    customer_id = await parties.require(case_id, body.customer_id)
    command = NoteVulnerability(
        customer_id,
        shell.now(),
        case_id,
        who.name,
        who.roles,
        need_id=shell.new_id(),
        driver=body.driver,
        support=body.support,
        source=body.source,
        consent=body.consent,
        review_on=body.review_on,
    )
    return await shell.execute(command, by=who)


@router.post("/customers/{customer_id}/vulnerabilities/{need_id}/remove", summary="Remove a vulnerability")
async def remove_vulnerability(
    customer_id: UUID, need_id: UUID, body: RemovalBody, who: Agent, shell: TheShell
) -> Outcome:
    """Keep it no longer; that it was kept, and why it is not any more, stays on record."""
    standing = (await shell.state(customer_id)).standing
    need = standing.needs.get(need_id)
    case_id = need.case_id if need else customer_id  # nothing is recorded of what was never noted
    command = RemoveVulnerability(customer_id, shell.now(), case_id, who.name, who.roles, need_id, body.why)
    return await shell.execute(command, by=who)


@router.get("/customers/{customer_id}/standing", summary="Read how a customer and we stand")
async def read_standing(customer_id: UUID, _who: Reader, shell: TheShell, as_of: AsOf) -> StandingView:
    """Give the measures that are or were in force and what is noted to help them; both empty for most customers."""
    return standing_view(customer_id, (await state_as_of(shell, customer_id, as_of)).standing)


async def _measure(customer_id: UUID, measure_id: UUID, shell: Shell[Any, Any]) -> Measure:
    measure = (await shell.state(customer_id)).standing.measures.get(measure_id)
    if not isinstance(measure, Measure):
        raise NotFound("this customer has no such measure", field="measure_id", fix="read how the customer stands")
    return measure
