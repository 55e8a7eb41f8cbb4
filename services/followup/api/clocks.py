"""Clocks over HTTP: see every second of them explained, let one stand still or run again, give it another target."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.followup.api.callers import Body, Reader, TheShell, Words, Worker
from services.followup.domain.commands import PauseClock, ResumeClock, RetargetClock
from services.followup.domain.policies.clock_rules import ClockRules
from services.followup.domain.policies.clock_spans import Told, tell
from services.followup.domain.state import Followup
from shared.contracts.followup_clocks import TimeTarget
from shared.runtime.as_of import AsOf
from shared.runtime.outcome import Outcome
from shared.runtime.past_state import state_as_of

router = APIRouter()


class PauseBody(Body):
    """Why the clock stands still, and who has the case meanwhile."""

    reason: Words = Field(examples=["the carrier looks for the parcel"])
    held_by: str = Field(min_length=1, max_length=100, examples=["carrier"])


class ResumeBody(Body):
    """Why the clock runs again."""

    reason: Words = Field(examples=["the carrier found the parcel"])


class RetargetBody(Body):
    """The new target, and why; what has passed and was paused counts as before."""

    target: TimeTarget = Field(examples=[{"amount": 80, "unit": "working_hours"}])
    reason: Words = Field(examples=["an expert must look at it; agreed with the customer"])


class SpanView(BaseModel):
    """A stretch of time: running, paused, closed (nobody works) or stopped (met, and went on later).

    `cause` is the fact that began it, `cause_id` its event; for a person's command `by` is who.
    """

    start: datetime
    end: datetime
    seconds: float
    state: Literal["running", "paused", "closed", "stopped"]
    held_by: str = Field(examples=["care"])
    reason: str | None
    cause: str = Field(examples=["intake.case_opened"])
    cause_id: UUID | None
    by: str | None


class AlarmView(BaseModel):
    """A warning, an escalation or the breach, and when it was due."""

    level: str
    at: datetime


class ClockView(BaseModel):
    """One clock, explained. The spans follow on each other; their sum is all of its time.

    `due` is absent while the clock is paused. `seconds` are sums by state, `held_seconds` of running and paused time
    by who had the case.
    """

    clock_id: UUID
    clock: str = Field(examples=["first_response"])
    metric: str
    status: Literal["running", "paused", "met", "cancelled"]
    started: datetime
    ended: datetime | None
    original_due: datetime
    due: datetime | None
    breached_at: datetime | None
    target: TimeTarget
    calendar: str
    calendar_version: str
    held_by: str
    seconds: dict[str, float]
    held_seconds: dict[str, float]
    alarms: list[AlarmView]
    spans: list[SpanView]


class ClocksView(BaseModel):
    """The clocks of a case as they stand at `at`, the first started first."""

    case_id: UUID
    at: datetime
    clocks: list[ClockView]


@router.get("/cases/{case_id}/clocks", summary="Explain a case's clocks")
async def explain_clocks(
    case_id: UUID, _who: Reader, shell: TheShell, request: Request, as_of: AsOf, clock: str | None = None
) -> ClocksView:
    """Label every second of a case's clocks, or of one by name: running, paused, closed; by what, and who held it."""
    state: Followup = await state_as_of(shell, case_id, as_of)
    rules: ClockRules = request.app.state.clocks
    now = as_of or shell.now()
    chosen = [each for each in state.clocks.items.values() if clock in (None, each.name)]
    chosen.sort(key=lambda each: (each.started, each.clock_id))
    told = [tell(each, rules.calendar(each.calendar_version), now) for each in chosen]
    return ClocksView(case_id=case_id, at=now, clocks=[_view(each) for each in told])


@router.post("/cases/{case_id}/clocks/{clock}/pause", summary="Let a clock stand still")
async def pause_clock(case_id: UUID, clock: str, body: PauseBody, who: Worker, shell: TheShell) -> Outcome:
    """Pause a clock until a person resumes it. 409 when it is paused, met or cancelled already."""
    return await shell.execute(
        PauseClock(case_id, shell.now(), who.name, who.roles, clock, body.reason, body.held_by), who
    )


@router.post("/cases/{case_id}/clocks/{clock}/resume", summary="Let a clock run again")
async def resume_clock(case_id: UUID, clock: str, body: ResumeBody, who: Worker, shell: TheShell) -> Outcome:
    """Resume a paused clock; its due time moves by what it stood still. 409 when it is not paused."""
    return await shell.execute(ResumeClock(case_id, shell.now(), who.name, who.roles, clock, body.reason), who)


@router.post("/cases/{case_id}/clocks/{clock}/retarget", summary="Give a clock another target")
async def retarget_clock(case_id: UUID, clock: str, body: RetargetBody, who: Worker, shell: TheShell) -> Outcome:
    """Change how long it may take, as a supervisor or manager; the original due time stays. Others are refused."""
    return await shell.execute(
        RetargetClock(case_id, shell.now(), who.name, who.roles, clock, body.target, body.reason), who
    )


def _view(told: Told) -> ClockView:
    clock, standing = told.clock, told.clock.standing()
    return ClockView.model_validate(
        {
            "clock_id": clock.clock_id,
            "clock": clock.name,
            "metric": clock.metric,
            "status": told.status,
            "started": clock.started,
            "ended": told.ended_at,
            "original_due": clock.original_due,
            "due": told.due,
            "breached_at": told.breached_at,
            "target": standing.target,
            "calendar": clock.calendar,
            "calendar_version": clock.calendar_version,
            "held_by": told.spans[-1].held_by if told.spans else standing.held_by,
            "seconds": {state: each.total_seconds() for state, each in sorted(told.sums.items())},
            "held_seconds": {holder: each.total_seconds() for holder, each in sorted(told.held.items())},
            "alarms": [{"level": level, "at": at} for level, at in sorted(clock.alarms.items(), key=lambda a: a[1])],
            "spans": [{**span._asdict(), "seconds": (span.end - span.start).total_seconds()} for span in told.spans],
        }
    )
