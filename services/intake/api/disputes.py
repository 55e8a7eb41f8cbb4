"""Intake over HTTP: a dispute between two customers, its parties, and whether both were heard."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator

from services.intake.adapters.dispute_parties import DisputeParties
from services.intake.api.asking import Agent, Body, TheShell, Words
from services.intake.api.customers import TheParties
from services.intake.domain.commands import JoinDispute, OpenDispute
from services.intake.domain.policies.parties import Dispute
from shared.kernel.errors import NotFound
from shared.runtime.auth import Caller, caller
from shared.runtime.outcome import Outcome

router = APIRouter()
# Heard is who wrote since they joined; it is asked here, since a column would cost every message a write.
WAITING = """
    SELECT d.dispute_id, d.case_id, t.code AS tracking_code, d.opened_at, d.opened_by, d.respondent_id, d.state_by,
        EXISTS (SELECT FROM conversation c JOIN message_index m USING (conversation_id)
                WHERE c.customer_id = d.respondent_id AND m.case_id = d.case_id AND m.inbound
                  AND m.recorded_at > d.joined_at) AS heard
    FROM dispute d JOIN tracking t USING (case_id) WHERE NOT d.decided
    ORDER BY d.state_by NULLS LAST, d.dispute_id LIMIT $1"""
Reader = Annotated[Caller, Depends(caller("agent", "supervisor", "manager", "auditor", "service"))]


class DisputeBody(Body):
    """What it is about, in words that both sides are told."""

    matter: Words = Field(examples=["The parcel of 3 March that one of you sold to the other."])


class PartyBody(Body):
    """The other side: a customer who is known, or their mail address. `language` where nothing is known of theirs."""

    customer_id: UUID | None = None
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", examples=["kim@example.org"])
    conversation_id: UUID | None = Field(default=None, description="where they are told; else where they wrote last")
    language: str | None = Field(default=None, pattern="^[a-z]{2}$", examples=["de"])

    @model_validator(mode="after")
    def _names_one(self) -> "PartyBody":
        if (self.customer_id is None) == (self.email is None):
            raise ValueError("give customer_id or email, and not both")
        return self


class PartyView(BaseModel):
    """One side. `statements` counts what they wrote since they joined; `missed` that their time passed without any."""

    customer_id: UUID
    side: Literal["claimant", "respondent"]
    conversation_id: UUID
    channel: str
    language: str
    state_by: datetime | None
    statements: int
    missed: bool


class DisputeView(BaseModel):
    """A dispute as it stands. `involved` took part in it, so that they do not decide it; `told` knows the decision."""

    dispute_id: UUID
    case_id: UUID
    matter: str
    opened_by: str
    parties: list[PartyView]
    involved: list[str]
    told: list[UUID]


class WaitingDispute(BaseModel):
    """A dispute that nobody decided yet; `ready` when the other side has answered, or their time has passed."""

    dispute_id: UUID
    case_id: UUID
    tracking_code: str = Field(examples=["RC-7F3K-9QXD"])
    opened_at: datetime
    opened_by: str
    respondent_id: UUID | None
    state_by: datetime | None
    heard: bool
    ready: bool


@router.get("/disputes", summary="List the disputes that wait")
async def waiting_disputes(
    _who: Reader, shell: TheShell, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[WaitingDispute]:
    """Give the disputes that nobody decided yet, the one whose time to answer ends first first."""
    async with shell.database.connection() as tx:
        rows = await tx.raw.fetch(WAITING, limit)
    now = shell.now()
    return [
        WaitingDispute(**row, ready=row["heard"] or (row["state_by"] is not None and row["state_by"] <= now))
        for row in rows
    ]


@router.post("/cases/{case_id}/dispute", status_code=201, summary="Open a dispute")
async def open_dispute(case_id: UUID, body: DisputeBody, who: Agent, shell: TheShell, parties: TheParties) -> Outcome:
    """Record that the case's customer has something against another one; name that one next."""
    state = await parties.case(case_id)
    told = await parties.told(case_id, await parties.require(case_id, state.customer_id))
    command = OpenDispute(case_id, shell.now(), shell.new_id(), body.matter, told.language, who.name, who.roles)
    return await shell.execute(command, by=who)


@router.post("/cases/{case_id}/dispute/parties", status_code=201, summary="Hear the other side")
async def join_dispute(case_id: UUID, body: PartyBody, who: Agent, shell: TheShell, parties: TheParties) -> Outcome:
    """Bring the other customer in: both are told what it is about and until when the other side can answer.

    From now on what they write in that conversation belongs to this case; neither side sees the other's words.
    """
    await parties.case(case_id)
    lookup = DisputeParties(parties)
    if body.customer_id is not None:
        found = await lookup.by_customer(body.customer_id, body.conversation_id, case_id)
    else:
        found = await lookup.by_email(body.email or "", case_id)
    command = JoinDispute(
        case_id,
        shell.now(),
        found.customer,
        found.conversation,
        body.language or found.language,
        who.name,
        who.roles,
    )
    return await shell.execute(command, by=who)


@router.get("/cases/{case_id}/dispute", summary="Read a case's dispute")
async def read_dispute(case_id: UUID, _who: Reader, parties: TheParties) -> DisputeView:
    """Give the case's last dispute, its parties and who took part; 404 where there is none."""
    state = await parties.case(case_id)
    if state.dispute is None:
        raise NotFound("this case has no dispute", field="case_id", fix="open one first")
    return _view(state.dispute, await DisputeParties(parties).involved(case_id))


def _view(dispute: Dispute, involved: list[str]) -> DisputeView:
    return DisputeView(
        dispute_id=dispute.opened.dispute_id,
        case_id=dispute.opened.case_id,
        matter=dispute.opened.matter,
        opened_by=dispute.opened.opened_by,
        parties=[
            PartyView(
                customer_id=party.joined.customer_id,
                side=party.joined.side,
                conversation_id=party.conversation_id,
                channel=party.joined.channel,
                language=party.joined.language,
                state_by=party.joined.state_by,
                statements=party.statements,
                missed=party.missed,
            )
            for party in dispute.parties.values()
        ],
        involved=involved,
        told=sorted(dispute.told),
    )
