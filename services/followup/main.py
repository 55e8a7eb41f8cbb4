"""Followup's composition root: settings in, a running service out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import services.followup as package
from services.followup import CHARTER, api, subscribers
from services.followup.adapters.pinning import pin_calendars
from services.followup.adapters.policy_files import load_cadence
from services.followup.domain.decider import make_decider
from services.followup.domain.reactions import react
from services.followup.domain.timers import due, timers
from services.followup.settings import FollowupSettings
from services.followup.tables import index
from shared.runtime.rules import Rules
from shared.runtime.service import Service, serve


def create_app(settings: FollowupSettings) -> FastAPI:
    """Put the service together; starting the app starts all of it."""
    followup = load_cadence(settings.policy_dir)
    decider = make_decider(followup)
    rules = Rules(charter=CHARTER, decider=decider, react=react, timers=timers, due=due, index=index)
    service = Service(package, settings, subscribers.router).decide(rules)
    shell = service.shell
    assert shell is not None

    @asynccontextmanager
    async def calendars(_service: Service) -> AsyncIterator[None]:
        await pin_calendars(shell, followup)
        yield

    app = service.app([api.router], title="Recourse followup", extras=[calendars])
    app.state.clocks = followup.clocks
    return app


if __name__ == "__main__":
    serve("followup", FollowupSettings, create_app)
