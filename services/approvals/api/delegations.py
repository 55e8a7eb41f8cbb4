"""Delegations over HTTP: give one, end one, list them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator

from services.approvals.adapters import records
from services.approvals.api.asking import Body, Decider, Name, Reader, TheRules, TheShell, Words
from services.approvals.domain.commands import EndDelegation, GiveDelegation
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.values import Money
from shared.runtime.as_of import AsOf
from shared.runtime.outcome import Outcome

router = APIRouter()
Listed = Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]
EVER = 100_000
OVERSEE = {"manager", "auditor", "ops"}


class DelegationBody(Body):
    """Let `delegate` decide with one of one's own roles, on whole days of the matrix's calendar, both included."""

    delegate: Name = Field(examples=["ben"])
    role: Name = Field(examples=["supervisor"])
    kinds: Listed = Field(default=("*",), description='Demand kinds; "*" is all.', examples=[["buyers_remorse"]])
    clauses: Listed = Field(default=("*",), description='policy/clause; "*" is all.', examples=[["shop/R-2"]])
    cap: Money | None = Field(default=None, examples=[{"amount": "100.00", "currency": "USD"}])
    first_day: date = Field(examples=["2026-12-01"])
    last_day: date = Field(examples=["2026-12-14"])
    reason: Words = Field(examples=["on leave"])

    @model_validator(mode="after")
    def _runs_forward(self) -> "DelegationBody":
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day; swap them")
        return self


class EndBody(Body):
    """Why the delegation ends before its last day."""

    reason: Words = Field(examples=["back earlier"])


class DelegationView(BaseModel):
    """A delegation, and whether it is in force today; `source` is api, or matrix for one that the file lists."""

    delegation_id: UUID | None
    principal: str
    delegate: str
    role: str
    kinds: list[str]
    clauses: list[str]
    cap: Money | None
    first_day: date
    last_day: date
    reason: str | None
    given_at: datetime | None
    ended_at: datetime | None
    in_force: bool
    source: str


@router.post("/delegations", summary="Delegate decisions", status_code=201)
async def give_delegation(body: DelegationBody, who: Decider, shell: TheShell) -> Outcome:
    """Let somebody decide in one's place; the answer's `stream_id` is the delegation's id.

    409 for a role that the caller's own token does not carry: what was delegated is not passed on.
    """
    command = GiveDelegation(
        shell.new_id(),
        shell.now(),
        who.name,
        who.roles,
        body.reason,
        delegate=body.delegate,
        role=body.role,
        first_day=body.first_day,
        last_day=body.last_day,
        kinds=body.kinds,
        clauses=body.clauses,
        cap=body.cap,
    )
    return await shell.execute(command, who)


@router.post("/delegations/{delegation_id}/end", summary="End a delegation")
async def end_delegation(delegation_id: UUID, body: EndBody, who: Decider, shell: TheShell) -> Outcome:
    """End a delegation at once: by the one who gave it, the one who got it, or the highest level."""
    return await shell.execute(EndDelegation(delegation_id, shell.now(), who.name, who.roles, body.reason), who)


@router.get("/delegations", summary="List delegations")
async def list_delegations(
    who: Reader,
    shell: TheShell,
    rules: TheRules,
    as_of: AsOf,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[DelegationView]:
    """Give delegations, the newest first, then those of the matrix; without an overseeing role only one's own.

    As of an instant, those that had been given by then; the matrix is left out, since it is known as it is now only.
    """
    person = None if OVERSEE & set(who.roles) else who.name
    if as_of is not None:
        ever = await records.delegations(shell.database, person, EVER)
        day = rules.calendar.local_date(as_of)
        return [_given(_as_known(one, as_of), day) for one in ever if one.given_at <= as_of][:limit]
    today = rules.calendar.local_date(shell.now())
    given = [_given(one, today) for one in await records.delegations(shell.database, person, limit)]
    listed = [
        DelegationView(
            delegation_id=None,
            reason=None,
            given_at=None,
            ended_at=None,
            in_force=entry.first_day <= today <= entry.last_day,
            source="matrix",
            **entry.model_dump(),
        )
        for entry in rules.matrix.delegations
        if person in (None, entry.principal, entry.delegate)
    ]
    return [*given, *listed]


def _as_known(one: records.Given, at: datetime) -> records.Given:
    ended = one.ended_at is not None and one.ended_at <= at
    return one if ended else one._replace(ended_at=None)


def _given(one: records.Given, today: date) -> DelegationView:
    delegation: DelegationGiven = one.delegation
    return DelegationView(
        **delegation.model_dump(),
        given_at=one.given_at,
        ended_at=one.ended_at,
        in_force=one.ended_at is None and delegation.first_day <= today <= delegation.last_day,
        source="api",
    )
