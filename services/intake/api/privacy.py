"""Intake over HTTP: holds on a customer's data, its erasure, and what stands against that."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from services.intake.adapters.erasures import Erasures
from services.intake.adapters.kept_cases import KeptCases
from services.intake.api.asking import Body, TheShell
from services.intake.domain.commands import Erase, PlaceHold, ReleaseHold
from services.intake.domain.policies.acknowledgement import IntakeRules
from services.intake.domain.policies.privacy import obstacle
from services.intake.domain.policies.retention import duties
from shared.contracts.intake_privacy import Ground
from shared.kernel.errors import RecourseError
from shared.runtime.auth import Caller, caller
from shared.runtime.outcome import Outcome

router = APIRouter()
Holder = Annotated[Caller, Depends(caller("privacy", "manager"))]
Asker = Annotated[Caller, Depends(caller("privacy", "supervisor", "manager"))]
Operator = Annotated[Caller, Depends(caller("privacy", "ops"))]
Reader = Annotated[Caller, Depends(caller("privacy", "supervisor", "manager", "auditor"))]
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class NoVault(RecourseError):
    """There is no vault, so nothing is sealed and nothing can be erased."""

    status = 503
    title = "There is no vault"


def erasures_of(request: Request) -> Erasures:
    """FastAPI dependency: what erases; raises NoVault in a service that was started without a vault."""
    erasures = getattr(request.app.state, "erasures", None)
    if not isinstance(erasures, Erasures):
        raise NoVault("intake runs without a vault", field="INTAKE_VAULT_URL", fix="give intake its vault")
    return erasures


def rules_of(request: Request) -> IntakeRules:
    """FastAPI dependency: what intake decides by."""
    rules = request.app.state.intake_rules
    assert isinstance(rules, IntakeRules)
    return rules


TheErasures = Annotated[Erasures, Depends(erasures_of)]
TheRules = Annotated[IntakeRules, Depends(rules_of)]


class HoldBody(Body):
    """Why the data must be kept, by which right, and until when, where that is known."""

    reason: Words = Field(examples=["The customer announced a claim for damages."])
    basis: Words = Field(examples=["Letter of their lawyer of 2026-11-20"])
    until: date | None = Field(default=None, description="the last day of the hold", examples=["2029-11-20"])


class HoldReleaseBody(Body):
    """Why it need not be kept any longer."""

    why: Words = Field(examples=["The claim was settled."])


class ErasureBody(Body):
    """Why the customer is erased, and on which day they asked for it, where it was not today."""

    ground: Ground = Field(default="asked", examples=["asked"])
    asked_on: date | None = Field(default=None, examples=["2026-11-24"])


class HoldView(BaseModel):
    """A hold in force."""

    hold_id: UUID
    reason: str
    basis: str
    placed_by: str
    until: date | None


class DutyView(BaseModel):
    """A duty to keep a case, that runs until the day before `until`."""

    case_id: UUID
    schedule: str
    jurisdiction: str
    category: str
    law: str
    until: date


class ObstacleView(BaseModel):
    """Why an erasure would be refused now, and from when it is possible, where that is known."""

    reason_code: str
    reason: str
    law: str | None
    possible_on: date | None


class PrivacyView(BaseModel):
    """How a customer's data stands. `state` is how far an erasure is: none, requested, approved, erased."""

    customer_id: UUID
    state: Literal["none", "requested", "approved", "erased"]
    cases: int
    obstacle: ObstacleView | None
    holds: list[HoldView]
    duties: list[DutyView]
    ground: Ground | None
    requested_by: str | None
    asked_on: date | None
    approved_by: str | None


class DueView(BaseModel):
    """A customer to look at: a `requested` erasure waits, one `refused` is `possible` by now, or data has `served`."""

    customer_id: UUID
    why: Literal["requested", "possible", "served"]
    since: datetime | date


class Replayed(BaseModel):
    """How many customers' keys a restored vault had brought back, and how many erasures were finished."""

    destroyed_again: int
    finished: int


@router.post("/customers/{customer_id}/holds", status_code=201, summary="Place a hold on a customer's data")
async def place_hold(customer_id: UUID, body: HoldBody, who: Holder, shell: TheShell) -> Outcome:
    """Keep the data: no erasure is possible while a hold is in force. 409, on record, once an erasure has begun."""
    await KeptCases(shell).required(customer_id)
    command = PlaceHold(
        customer_id, shell.now(), who.name, who.roles, shell.new_id(), body.reason, body.basis, body.until
    )
    return await shell.execute(command, by=who)


@router.post("/customers/{customer_id}/holds/{hold_id}/release", summary="Release a hold")
async def release_hold(
    customer_id: UUID, hold_id: UUID, body: HoldReleaseBody, who: Holder, shell: TheShell
) -> Outcome:
    """End a hold; 409, on record, for the one who placed it: it takes somebody else."""
    command = ReleaseHold(customer_id, shell.now(), who.name, who.roles, hold_id, body.why)
    return await shell.execute(command, by=who)


@router.post("/customers/{customer_id}/erasure", summary="Erase a customer, or ask for it")
async def erase(
    customer_id: UUID, body: ErasureBody, who: Asker, shell: TheShell, erasures: TheErasures, rules: TheRules
) -> Outcome:
    """Put a request on record; of the data-protection officer, approve it and destroy the keys, which is for ever.

    409, on record, with the law and the day from which it is possible: under a hold, while a case is open, within a
    duty to keep.
    """
    await erasures.cases.required(customer_id)
    asked_on = body.asked_on or rules.calendar.local_date(shell.now())
    return await erasures.erase(customer_id, body.ground, asked_on, who)


@router.get("/customers/{customer_id}/privacy", summary="Read how a customer's data stands")
async def read_privacy(customer_id: UUID, who: Reader, shell: TheShell, rules: TheRules) -> PrivacyView:
    """Give holds, duties to keep, how far an erasure is, and what stands against one now."""
    cases = await KeptCases(shell).required(customer_id)
    keeping = (await shell.state(customer_id)).keeping
    now = shell.now()
    today = rules.calendar.local_date(now)
    asked = Erase(customer_id, now, who.name, who.roles, shell.new_id(), "asked", today, tuple(cases))
    against = None if keeping.approved else obstacle(asked, keeping, cases, rules.retention, rules.calendar)
    done = "erased" if keeping.erased else "approved" if keeping.approved else None
    return PrivacyView(
        customer_id=customer_id,
        state=done or ("requested" if keeping.requested else "none"),
        cases=len(cases),
        obstacle=ObstacleView.model_validate(against, from_attributes=True) if against else None,
        holds=[HoldView.model_validate(hold, from_attributes=True) for hold in keeping.holding(today)],
        duties=[
            DutyView(
                case_id=duty.case.case_id,
                schedule=duty.schedule.id,
                jurisdiction=duty.schedule.jurisdiction,
                category=duty.schedule.category,
                law=duty.schedule.law,
                until=duty.until,
            )
            for duty in duties(cases, rules.retention, rules.calendar, today)
        ],
        ground=keeping.requested.ground if keeping.requested else None,
        requested_by=keeping.requested.requested_by if keeping.requested else None,
        asked_on=keeping.requested.asked_on if keeping.requested else None,
        approved_by=keeping.approved.approved_by if keeping.approved else None,
    )


@router.get("/privacy/due", summary="List whose erasure is to be looked at")
async def read_due(_who: Reader, shell: TheShell, erasures: TheErasures, rules: TheRules) -> list[DueView]:
    """Give requests that wait for an approval, refused ones that are possible by now, and data that has served."""
    today = rules.calendar.local_date(shell.now())
    found = []
    for row in await erasures.cases.waiting():
        if row["state"] == "requested":
            found.append(DueView(customer_id=row["customer_id"], why="requested", since=row["changed_at"]))
        elif row["possible_on"] is not None and row["possible_on"] <= today:
            found.append(DueView(customer_id=row["customer_id"], why="possible", since=row["possible_on"]))
    known = {one.customer_id for one in found}
    served = [one for one in await erasures.due() if one not in known]
    return found + [DueView(customer_id=one, why="served", since=today) for one in served]


@router.post("/privacy/replay-erasures", summary="Destroy again what a restored vault brought back")
async def replay_erasures(_who: Operator, erasures: TheErasures) -> Replayed:
    """Destroy, by the log, the keys of every erased customer that live, and finish erasures that broke off."""
    again = await erasures.replay()
    return Replayed(destroyed_again=again, finished=await erasures.repair())
