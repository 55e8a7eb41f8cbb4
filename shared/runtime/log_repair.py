"""What an operator asks of a service's log and its topic: how they stand, bring back, publish again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from shared.kernel.errors import MalformedInput
from shared.messaging.topics import topic_of
from shared.runtime.auth import Caller, caller
from shared.runtime.reconcile import Follow, LogStanding, bring_back, standing
from shared.runtime.telemetry import log

Reader = Annotated[Caller, Depends(caller("ops", "service", "auditor"))]
Operator = Annotated[Caller, Depends(caller("ops"))]


class Published(BaseModel):
    """The topic that is published to from where it ends."""

    topic: str = Field(examples=["intake.events"])


def log_repair_router(owner: str) -> APIRouter:
    """Make the routes of one deciding service."""
    router = APIRouter(tags=["operations"])

    @router.get("/log-standing", summary="How the store and its topic stand to each other")
    async def show(request: Request, _who: Reader) -> LogStanding:
        """Give the last positions of both in each log partition, and why appends are refused, if they are."""
        service = request.app.state.service
        async with service.database.connection() as tx:
            return await standing(tx.raw, service.store, service.settings.kafka_bootstrap, service.relay.guard.trouble)

    @router.post("/log-standing/reconcile", summary="Bring events that the store lacks back from its topic")
    async def reconcile(request: Request, who: Operator) -> LogStanding:
        """Copy them byte by byte, their chain verified; appends are accepted again when store and topic fit."""
        service = request.app.state.service
        settings = service.settings
        if settings.migration_database_url is None:
            raise MalformedInput(
                "the service cannot write its log directly",
                field="MIGRATION_DATABASE_URL",
                fix="give it the address of the role that owns the log",
            )
        rules = service.shell.rules
        follow = Follow(owner, service.charter.listens, rules.timers, (rules.index, *service.indexes))
        url = settings.migration_database_url.get_secret_value()
        brought = await bring_back(url, service.store, settings.kafka_bootstrap, follow)
        log.warning("events were brought back from the topic", log=owner, events=brought, by=who.name)
        async with service.database.connection() as tx:
            await service.relay.guard.compare(tx.raw)
            found = await standing(tx.raw, service.store, settings.kafka_bootstrap, service.relay.guard.trouble)
        return found.model_copy(update={"brought_back": brought})

    @router.post("/log-standing/publish", summary="Publish again what the topic lacks")
    async def publish(request: Request, who: Operator) -> Published:
        """Make the relay look how far the topic goes, and publish from there, at the same positions."""
        log.warning("the relay begins again", log=owner, by=who.name)
        request.app.state.service.relay.begin_again()
        return Published(topic=topic_of(owner))

    return router
