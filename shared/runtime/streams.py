"""What a deciding service tells of its past: one stream's events, and where its log stood at an instant."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from shared.eventstore.store import Store
from shared.eventstore.streams import positions_at, read_stream
from shared.kernel.errors import NotFound
from shared.runtime.as_of import as_of_instant, instant
from shared.runtime.auth import Caller, caller
from shared.runtime.clock import now
from shared.runtime.peers import pack

Reader = Annotated[Caller, Depends(caller("ops", "service", "auditor"))]


def streams_router(owner: str) -> APIRouter:
    """Make the API of one service's past; it has nothing to tell in a service without a log."""
    router = APIRouter(tags=["operations"])

    def log_of(request: Request) -> Store:
        store: Store | None = request.app.state.service.store
        if store is None:
            raise NotFound(f"{owner} has no log", fix="ask intake, triage, approvals or followup")
        return store

    @router.get("/streams/{stream_id}/events", summary="Events of one stream, in order")
    async def read_events(
        request: Request,
        stream_id: UUID,
        _who: Reader,
        until: Annotated[str | None, Query(description="Recorded until this instant.", max_length=64)] = None,
        after: Annotated[int, Query(ge=0, description="After this version.")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
        opened: Annotated[bool, Query(description="Bodies as people read them, as JSON.")] = False,
    ) -> list[dict[str, Any]]:
        """The same for ever when `until` has passed; bodies as they are stored, personal fields sealed.

        Opened, they are no evidence: what was erased by now reads [erased].
        """
        at = None if until is None else instant(until, "until")
        async with request.app.state.service.database.connection() as tx:
            store = log_of(request)
            events = await read_stream(tx.raw, store, stream_id, until=at, after=after, limit=limit)
        if not opened:
            return [pack(event) for event in events]
        return [{**pack(event), "body": json.loads(event.body)} for event in await store.opened(events)]

    @router.get("/log-positions", summary="Where each log partition stood at an instant")
    async def read_positions(
        request: Request, _who: Reader, as_of: Annotated[datetime | None, Depends(as_of_instant)]
    ) -> dict[int, int]:
        """The last position recorded until then, by log partition; 0 where there was none."""
        async with request.app.state.service.database.connection() as tx:
            return await positions_at(tx.raw, log_of(request), as_of or now())

    return router
