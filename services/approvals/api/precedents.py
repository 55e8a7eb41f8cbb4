"""Precedents over HTTP: the nearest decided exceptions; what is shown is recorded."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.approvals.adapters import records
from services.approvals.api.asking import Decider, TheShell
from services.approvals.domain.commands import ShowPrecedents
from services.approvals.domain.policies.precedents import nearest
from shared.contracts.approvals_after import Precedent
from shared.kernel.errors import NotFound

router = APIRouter()


class PrecedentsView(BaseModel):
    """What was shown to whom: decided exceptions, the most alike first, with how alike (0 to 1) and in what."""

    exception_id: UUID
    shown_to: str
    precedents: list[Precedent] = Field(description="At most 5; empty where nothing like it has been decided.")


@router.post("/cases/{case_id}/exceptions/{exception_id}/precedents", summary="Open the precedents")
async def open_precedents(case_id: UUID, exception_id: UUID, who: Decider, shell: TheShell) -> PrecedentsView:
    """Give the nearest decided exceptions, and record that they were shown to the caller.

    A decision tells whether its decider had opened them. Opened again with nothing new, nothing more is recorded.
    """
    known = (await shell.state(case_id)).known(exception_id)
    if known is None:
        raise NotFound("this case has no such exception", field="exception_id", fix="list the case's exceptions")
    decided = await records.like(shell, known.requested)
    found = nearest(exception_id, records.about(known.requested), decided)
    await shell.execute(ShowPrecedents(case_id, shell.now(), who.name, who.roles, exception_id, found), who)
    return PrecedentsView(exception_id=exception_id, shown_to=who.name, precedents=list(found))
