"""Promises over HTTP: make, keep, move and release them, resolve a case, see where it stands."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from services.followup.api.callers import Body, Reader, TheShell, Words, Worker
from services.followup.domain.commands import (
    KeepPromise,
    MakePromise,
    ReleasePromise,
    RenegotiatePromise,
    ResolveCase,
)
from services.followup.domain.state import Followup
from shared.contracts.values import Backing
from shared.runtime.as_of import AsOf
from shared.runtime.outcome import Outcome
from shared.runtime.past_state import state_as_of

router = APIRouter()


class PromiseBody(Body):
    """A promise and what backs it: a clause stated in the case (`policy/clause`), or a decision (exception id)."""

    what: Words = Field(examples=["the repaired item is sent back, postage paid"])
    backing: Backing = Field(examples=[{"kind": "clause", "reference": "shop/repair"}])
    due: AwareDatetime | None = Field(default=None, description="Absent: the usual time for this kind of backing.")


class KeptBody(Body):
    """How one can see that the promise is kept, and since when (absent: now)."""

    evidence: Words = Field(examples=["refund 4711 booked"])
    kept_at: AwareDatetime | None = None


class RenegotiatedBody(Body):
    """The due time that the customer agreed to, and why it moved."""

    due: AwareDatetime
    reason: Words


class ReleasedBody(Body):
    """Why the customer no longer holds us to it."""

    reason: Words


class ResolutionBody(Body):
    """How the matter was answered."""

    how: Words = Field(examples=["explained by phone, customer content"])


class PromiseView(BaseModel):
    """A promise as it stands."""

    promise_id: UUID
    what: str
    status: Literal["made", "at_risk", "broken", "kept", "renegotiated", "released"]
    due: datetime
    at_risk_from: datetime
    backing: Backing
    made_by: str


class FoundView(BaseModel):
    """What an agent said that sounds like a promise: to be confirmed with backing, or dismissed."""

    promise_id: UUID
    what: str = Field(examples=["you should have it in three to five working days"])
    words: str = Field(examples=["in three to five working days"])
    due: datetime
    said_at: datetime
    said_by: str
    channel: str
    confidence: float
    backed: bool = Field(description="Whether anything in the case backs a promise yet.")
    doubtful: bool = Field(description="Whether two transcripts of the words differ.")


class CheckInView(BaseModel):
    """The question whether it is settled: scheduled, asked or answered."""

    check_in_id: UUID
    status: str
    due: datetime
    settled: bool | None


class CaseView(BaseModel):
    """A case's promises, what new ones may rest on, and whether it is open, resolved or closed."""

    case_id: UUID
    status: Literal["open", "resolved", "closed"]
    promises: list[PromiseView]
    found: list[FoundView]
    backings: list[Backing]
    check_in: CheckInView | None
    closes_at: datetime | None


@router.post("/cases/{case_id}/promises", status_code=201, summary="Make a promise")
async def make_promise(case_id: UUID, body: PromiseBody, who: Worker, shell: TheShell) -> Outcome:
    """Promise the customer something. 409 `unbacked` when nothing stated or decided in this case backs it."""
    promise_id = shell.new_id()
    return await shell.execute(
        MakePromise(case_id, shell.now(), who.name, who.roles, promise_id, body.what, body.backing, body.due), who
    )


@router.post("/cases/{case_id}/promises/{promise_id}/kept", summary="Say that a promise is kept")
async def keep_promise(case_id: UUID, promise_id: UUID, body: KeptBody, who: Worker, shell: TheShell) -> Outcome:
    """Record that we did what we owed, with evidence. A broken promise can be kept late; it stays broken on record."""
    return await shell.execute(
        KeepPromise(case_id, shell.now(), who.name, who.roles, promise_id, body.evidence, body.kept_at), who
    )


@router.post("/cases/{case_id}/promises/{promise_id}/renegotiated", summary="Agree on another due time")
async def renegotiate_promise(
    case_id: UUID, promise_id: UUID, body: RenegotiatedBody, who: Worker, shell: TheShell
) -> Outcome:
    """Record the later time that the customer agreed to; the earlier one stays on record."""
    return await shell.execute(
        RenegotiatePromise(case_id, shell.now(), who.name, who.roles, promise_id, body.due, body.reason), who
    )


@router.post("/cases/{case_id}/promises/{promise_id}/released", summary="Release a promise")
async def release_promise(case_id: UUID, promise_id: UUID, body: ReleasedBody, who: Worker, shell: TheShell) -> Outcome:
    """Record that the customer no longer holds us to it."""
    return await shell.execute(ReleasePromise(case_id, shell.now(), who.name, who.roles, promise_id, body.reason), who)


@router.post("/cases/{case_id}/resolution", summary="Resolve a case")
async def resolve_case(case_id: UUID, body: ResolutionBody, who: Worker, shell: TheShell) -> Outcome:
    """Say that the matter is answered. 409 while a promise or an exception is open."""
    return await shell.execute(ResolveCase(case_id, shell.now(), who.name, who.roles, body.how), who)


@router.get("/cases/{case_id}/promises", summary="See a case's promises")
async def list_promises(case_id: UUID, _who: Reader, shell: TheShell, as_of: AsOf) -> CaseView:
    """Give all promises of a case, the earliest due first, and where the case stands."""
    state: Followup = await state_as_of(shell, case_id, as_of)
    promises = sorted(state.promises.values(), key=lambda promise: (promise.due, promise.made.promise_id))
    check_in = state.check_in
    return CaseView(
        case_id=case_id,
        status=state.status,
        promises=[
            PromiseView(
                promise_id=promise.made.promise_id,
                what=promise.made.what,
                status=promise.status,
                due=promise.due,
                at_risk_from=promise.at_risk_from,
                backing=promise.made.backing,
                made_by=promise.made.made_by,
            )
            for promise in promises
        ],
        found=[
            FoundView.model_validate(each.model_dump())
            for each in sorted(state.found.values(), key=lambda each: (each.due, each.promise_id))
        ],
        backings=sorted(state.backings, key=lambda backing: (backing.kind, backing.reference, backing.version or "")),
        check_in=check_in
        and CheckInView(
            check_in_id=check_in.check_in_id, status=check_in.status, due=check_in.due, settled=check_in.settled
        ),
        closes_at=state.closes_at,
    )
