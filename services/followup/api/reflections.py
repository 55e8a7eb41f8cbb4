"""Reflections over HTTP."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from services.followup.api.callers import Body, TheShell, Words, Worker
from services.followup.domain.commands import NoteReflection
from shared.runtime.outcome import Outcome

router = APIRouter()


class ReflectionBody(Body):
    """What helped in a case, and what should change; `clause` names one that the case was answered by."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "what_helped": "Offering the credit before the customer asked again.",
                    "what_should_change": "30 days are too short for furniture.",
                    "clause": "shop/R-3",
                }
            ]
        }
    )

    what_helped: Words
    what_should_change: Words | None = None
    clause: str | None = Field(default=None, max_length=100, pattern=r"^[a-z0-9_-]+/[A-Z]+-[0-9]+$")


@router.post("/cases/{case_id}/reflections", summary="Note what was learnt")
async def note_reflection(case_id: UUID, body: ReflectionBody, who: Worker, shell: TheShell) -> Outcome:
    """Note what helped in a case and what should change; 409 for a clause that the case was not answered by."""
    command = NoteReflection(
        case_id,
        shell.now(),
        who.name,
        who.roles,
        shell.new_id(),
        body.what_helped,
        body.what_should_change,
        body.clause,
    )
    return await shell.execute(command, who)
