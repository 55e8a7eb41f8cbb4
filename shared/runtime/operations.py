"""What every service answers to those who run it: health, metrics, lag, its log, its dead letters."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from shared.eventstore.database import TRANSIENT
from shared.kernel.errors import MalformedInput, NotFound
from shared.messaging import dead_letters
from shared.runtime.auth import Caller, caller
from shared.runtime.clock import new_id, now
from shared.runtime.peers import pack

LAGS = "SELECT consumer, source, log_part, position FROM log_cursor ORDER BY 1, 2, 3"


Reader = Annotated[Caller, Depends(caller("ops", "service", "auditor"))]


class ActBody(BaseModel, extra="forbid"):
    """Why an operator does it; kept on record."""

    reason: str = Field(min_length=1, examples=["the template was mended in version 1.3"])


def operations_router(owner: str) -> APIRouter:
    """Make the operations API of one service."""
    router = APIRouter(tags=["operations"])

    @router.get("/health/live", summary="The process runs")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/health/ready", summary="The service can do its work now")
    async def ready(request: Request, response: Response) -> dict[str, Any]:
        """Checks the database, the vault, the consumer and the relay; 503 when one of them is not well."""
        service = request.app.state.service
        checks: dict[str, bool | str] = {"started": bool(request.app.state.ready)}
        try:
            async with service.database.connection() as tx:
                checks["database"] = await tx.raw.fetchval("SELECT true")
        except TRANSIENT:
            checks["database"] = False
        if service.vault is not None:
            try:
                checks["vault"] = await service.vault.check() is None
            except TRANSIENT:
                checks["vault"] = False
        if service.consumer is not None:
            checks["consumer"] = service.consumer.healthy
        if service.relay is not None:
            checks["relay"] = service.relay.leading or service.relay.standing_by
            checks["log"] = service.relay.guard.trouble or True
        well = all(found is True for found in checks.values())
        response.status_code = 200 if well else 503
        return {"status": "ok" if well else "unavailable", "service": owner, "checks": checks}

    @router.get("/metrics", summary="Prometheus metrics", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/lag", summary="Where each consumer stands")
    async def lag(request: Request, _who: Reader) -> list[dict[str, Any]]:
        """Cursors of this service; `head` is known for its own log (the relay's lag), else compare with the source."""
        service = request.app.state.service
        async with service.database.connection() as tx:
            rows = [dict(row) for row in await tx.raw.fetch(LAGS)]
            heads = await service.store.heads(tx.raw) if service.store else {}
        for row in rows:
            if row["source"] == owner:
                row["head"] = heads.get(row["log_part"])
        return rows

    @router.get("/log/heads", summary="The last position of each log partition")
    async def heads(request: Request, _who: Reader) -> dict[int, int]:
        service = request.app.state.service
        if service.store is None:
            return {}
        async with service.database.connection() as tx:
            found: dict[int, int] = await service.store.heads(tx.raw)
            return found

    @router.get("/log/{part}", summary="Events of one log partition, in order")
    async def read_log(
        request: Request,
        part: int,
        _who: Reader,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    ) -> list[dict[str, Any]]:
        """The source of truth that consumers repair a gap from; bodies as they are stored, personal texts sealed."""
        service = request.app.state.service
        if service.store is None or not 0 <= part < service.store.parts:
            raise NotFound(f"{owner} has no log partition {part}", field="part")
        async with service.database.connection() as tx:
            return [pack(event) for event in await service.store.read(tx.raw, part, after, limit)]

    @router.get("/dead-letters", summary="Events that could not be handled")
    async def list_dead_letters(
        request: Request,
        _who: Annotated[Caller, Depends(caller("ops", "auditor"))],
        state: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """Oldest first; `state` is parked, retried or discarded."""
        if state not in (None, "parked", "retried", "discarded"):
            raise MalformedInput(f"{state!r} is unknown", field="state", fix="parked, retried or discarded")
        async with request.app.state.service.database.connection() as tx:
            return await dead_letters.look(tx.raw, state, limit)

    @router.get("/dead-letters/{dead_letter_id}", summary="One dead letter with its error and every act on it")
    async def show_dead_letter(
        request: Request, dead_letter_id: UUID, _who: Annotated[Caller, Depends(caller("ops", "auditor"))]
    ) -> dict[str, Any]:
        async with request.app.state.service.database.connection() as tx:
            return _found(await dead_letters.show(tx.raw, dead_letter_id), dead_letter_id)

    @router.post("/dead-letters/{dead_letter_id}/retry", summary="Handle the case's parked events again, in order")
    async def retry(
        request: Request, dead_letter_id: UUID, body: ActBody, who: Annotated[Caller, Depends(caller("ops"))]
    ) -> dict[str, int]:
        """Gives how many went through; stops at the first that fails again, which stays parked with its new error."""
        service = request.app.state.service
        async with service.database.connection() as tx:
            letter = _found(await dead_letters.show(tx.raw, dead_letter_id), dead_letter_id)
        return {"retried": await service.consumer.retry(letter["stream_id"], who.name, body.reason)}

    @router.post("/dead-letters/{dead_letter_id}/discard", summary="Give one event up, on record")
    async def discard(
        request: Request, dead_letter_id: UUID, body: ActBody, who: Annotated[Caller, Depends(caller("ops"))]
    ) -> dict[str, bool]:
        """Later events of the case stay parked until they are retried."""
        async with request.app.state.service.database.transaction() as tx:
            _found(await dead_letters.show(tx.raw, dead_letter_id), dead_letter_id)
            act = dead_letters.Act(new_id(), who.name, body.reason, now())
            return {"discarded": await dead_letters.settle(tx.raw, dead_letter_id, "discarded", act)}

    return router


def _found(letter: dict[str, Any] | None, dead_letter_id: UUID) -> dict[str, Any]:
    if letter is None:
        raise NotFound(f"there is no dead letter {dead_letter_id} here", field="dead_letter_id")
    return letter
