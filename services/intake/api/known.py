"""Intake over HTTP: everything that is known of a person, as they may ask for it."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from services.intake.adapters import contents
from services.intake.adapters.known import Known, KnownPerson
from services.intake.api.asking import TheShell
from services.intake.api.privacy import NoVault
from shared.contracts.event import Recorded
from shared.runtime.auth import Caller, caller

router = APIRouter()
Examiner = Annotated[Caller, Depends(caller("privacy", "auditor"))]


def known_of(request: Request) -> Known:
    """FastAPI dependency: what gathers it; raises NoVault in a service that was started without a vault."""
    known = getattr(request.app.state, "known", None)
    if not isinstance(known, Known):
        raise NoVault("intake runs without a vault", field="INTAKE_VAULT_URL", fix="give intake its vault")
    return known


TheKnown = Annotated[Known, Depends(known_of)]


class IdentityView(BaseModel):
    """An address, number or handle that the person was known by."""

    kind: str
    address: str
    name: str | None
    since: datetime


class EventView(BaseModel):
    """One thing that is on record: which service recorded it, who did it, and the fact itself, opened."""

    service: str
    type: str
    recorded_at: datetime
    received_at: datetime | None
    actor: str
    via: str
    fact: dict[str, Any]


class CaseView(BaseModel):
    """A case; `own` is false where it is another customer's, and only what concerns the person is listed."""

    case_id: UUID
    own: bool
    events: list[EventView]


class ContentView(BaseModel):
    """A file that came with a message, or, without a name, the message as it came; `size` in bytes."""

    content_id: str
    case_id: UUID
    message_id: UUID
    name: str | None
    media_type: str
    size: int


class KnownView(BaseModel):
    """Everything that is known of a customer; facts about other customers are left out."""

    customer_id: UUID
    identities: list[IdentityView] = Field(description="none where nobody is known by an address")
    events: list[EventView] = Field(description="of the person: measures, what helps them, holds, erasures")
    cases: list[CaseView]
    contents: list[ContentView]


@router.get("/customers/{customer_id}/known", summary="Read everything that is known of a customer")
async def read_known(customer_id: UUID, _who: Examiner, known: TheKnown) -> KnownView:
    """Give identities, cases and all that every service has on record of the person; 503 if one does not answer."""
    return _view(customer_id, await known.of(customer_id))


@router.get(
    "/customers/{customer_id}/contents/{content_id}",
    summary="Read a file that came with a customer's message",
    response_class=Response,
)
async def read_content(
    customer_id: UUID, content_id: str, _who: Examiner, known: TheKnown, shell: TheShell
) -> Response:
    """Give the bytes as they came; 404 for one that no message of theirs came with, 410 when they are erased."""
    found = await known.content(customer_id, content_id)
    async with shell.database.connection() as tx:
        data = await contents.read(tx, shell.store.vault, found.content.sha256)
    return Response(data, media_type="application/octet-stream", headers={"X-Content-Type-Options": "nosniff"})


def _view(customer_id: UUID, person: KnownPerson) -> KnownView:
    identities = []
    for event in person.identities:
        fact = json.loads(event.body)
        identities.append(
            IdentityView(
                kind=fact["address_kind"], address=fact["address"], name=fact.get("name"), since=event.recorded_at
            )
        )
    return KnownView(
        customer_id=customer_id,
        identities=identities,
        events=[_event(event) for event in person.events],
        cases=[
            CaseView(case_id=case.case_id, own=case.own, events=[_event(event) for event in case.events])
            for case in person.cases
        ],
        contents=[
            ContentView(
                content_id=one.content.sha256,
                case_id=one.case_id,
                message_id=one.message_id,
                name=one.name,
                media_type=one.content.media_type,
                size=one.content.size,
            )
            for one in person.contents
        ],
    )


def _event(event: Recorded) -> EventView:
    return EventView(
        service=event.log,
        type=event.type,
        recorded_at=event.recorded_at,
        received_at=event.received_at,
        actor=event.actor,
        via=event.via,
        fact=json.loads(event.body),
    )
