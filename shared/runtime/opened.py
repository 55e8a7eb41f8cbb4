"""Bodies of events opened for people who may read cases; in the answer only, never on disk."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from shared.eventstore.seal import MARK, UNREADABLE, Unreadable, key_ids, open_body
from shared.eventstore.vault import Vault
from shared.runtime.auth import Caller, caller

READERS = ("agent", "supervisor", "manager", "auditor", "privacy", "ops")


class StoredBody(BaseModel, extra="forbid"):
    """An event's body as it is stored and sent, and the event's id, which its sealed texts are bound to."""

    event_id: UUID
    body: dict[str, Any] = Field(examples=[{"text": "sealed:1:…"}])


class StoredBodies(BaseModel, extra="forbid"):
    """Bodies to open."""

    events: list[StoredBody] = Field(max_length=1000)


def opened_router() -> APIRouter:
    """Make the API by which readers of the topics have sealed bodies opened."""
    router = APIRouter(tags=["operations"])

    @router.post("/opened", summary="Open the sealed texts of events")
    async def opened(
        request: Request, asked: StoredBodies, _who: Annotated[Caller, Depends(caller(*READERS))]
    ) -> list[dict[str, Any]]:
        """Give the bodies in their order, texts opened; `[erased]` where the customer was erased."""
        vault: Vault | None = request.app.state.service.vault
        if vault is None:
            return [event.body for event in asked.events]
        bodies = [to_json(event.body) for event in asked.events]
        keys = await vault.ciphers(key_ids([body for body in bodies if MARK in body]))
        shown = []
        for event, body in zip(asked.events, bodies, strict=True):
            try:
                shown.append(from_json(open_body(body, keys, event.event_id)))
            except Unreadable:
                shown.append({"unreadable": UNREADABLE, **event.body})
        return shown

    return router
