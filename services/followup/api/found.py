"""What sounds like a promise in what we said: confirm it with what backs it, or dismiss it."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from services.followup.api.callers import Body, TheShell, Words, Worker
from services.followup.domain.commands import ConfirmFoundPromise, DismissFoundPromise
from shared.contracts.values import Backing
from shared.runtime.outcome import Outcome

router = APIRouter()


class ConfirmedBody(Body):
    """What backs the promise; `due` and `what` only where what was said is not what is owed."""

    backing: Backing = Field(examples=[{"kind": "clause", "reference": "shop/replacement"}])
    due: AwareDatetime | None = Field(default=None, description="Absent: the time that was said.")
    what: Words | None = Field(default=None, description="Absent: the sentence that was said.")


class DismissedBody(Body):
    """Why what was found is no promise."""

    reason: Words = Field(examples=["it told what the parcel service usually takes"])


@router.post("/cases/{case_id}/promises/{promise_id}/confirmed", summary="Confirm a promise found in our words")
async def confirm_found(case_id: UUID, promise_id: UUID, body: ConfirmedBody, who: Worker, shell: TheShell) -> Outcome:
    """Make a promise of what an agent said. 409 `unbacked` when nothing stated or decided in this case backs it."""
    return await shell.execute(
        ConfirmFoundPromise(case_id, shell.now(), who.name, who.roles, promise_id, body.backing, body.due, body.what),
        who,
    )


@router.post("/cases/{case_id}/promises/{promise_id}/dismissed", summary="Dismiss what was found in our words")
async def dismiss_found(case_id: UUID, promise_id: UUID, body: DismissedBody, who: Worker, shell: TheShell) -> Outcome:
    """Record that what was found is no promise; the words and the reason stay on record."""
    return await shell.execute(
        DismissFoundPromise(case_id, shell.now(), who.name, who.roles, promise_id, body.reason), who
    )
