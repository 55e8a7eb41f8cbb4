"""Deciding between two customers, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from services.approvals.adapters.hearings import Hearings
from services.approvals.api.asking import Body, Decider, Reader, TheShell, Words
from services.approvals.domain.commands import DecideDispute
from shared.contracts.approvals_disputes import DisputeDecided, Verdict
from shared.runtime.as_of import AsOf
from shared.runtime.outcome import Outcome
from shared.runtime.past_state import state_as_of

router = APIRouter()


def hearings_of(request: Request) -> Hearings:
    """FastAPI dependency: how disputes stand."""
    hearings = request.app.state.hearings
    assert isinstance(hearings, Hearings)
    return hearings


class DisputeDecisionBody(Body):
    """The one decision. Both are told `reason`, so it names nothing that only one side said or may know."""

    outcome: Verdict = Field(description="about what the claimant asked for")
    reason: Words = Field(examples=["The parcel was handed over undamaged, as the carrier's record shows."])
    to_claimant: Words | None = Field(default=None, description="what follows for them; only they are told")
    to_respondent: Words | None = Field(default=None, description="what follows for them; only they are told")


@router.post("/cases/{case_id}/dispute/decision", summary="Decide a dispute")
async def decide_dispute(
    case_id: UUID,
    body: DisputeDecisionBody,
    who: Decider,
    shell: TheShell,
    hearings: Annotated[Hearings, Depends(hearings_of)],
) -> Outcome:
    """Decide between two customers; each is told by their own conversation.

    409, on record, for whoever took part or has not the authority, and before the other side could answer.
    """
    hearing = await hearings.of(case_id)
    command = DecideDispute(
        case_id,
        shell.now(),
        who.name,
        who.roles,
        hearing,
        body.outcome,
        body.reason,
        body.to_claimant,
        body.to_respondent,
    )
    return await shell.execute(command, by=who)


@router.get("/cases/{case_id}/dispute/decisions", summary="Read how disputes were decided")
async def read_decisions(case_id: UUID, _who: Reader, shell: TheShell, as_of: AsOf) -> list[DisputeDecided]:
    """Give the decisions on a case's disputes, oldest first; none while nobody decided."""
    return list((await state_as_of(shell, case_id, as_of)).disputes.values())
