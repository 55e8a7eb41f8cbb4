"""Followup's composition root: settings in, a running service out."""

from fastapi import FastAPI

import services.followup as package
from services.followup import CHARTER, api, subscribers
from services.followup.adapters.policy_files import load_cadence
from services.followup.domain.decider import make_decider
from services.followup.domain.reactions import react
from services.followup.domain.timers import due, timers
from services.followup.settings import FollowupSettings
from shared.runtime.rules import Rules
from shared.runtime.service import Service, serve


def create_app(settings: FollowupSettings) -> FastAPI:
    """Put the service together; starting the app starts all of it."""
    decider = make_decider(load_cadence(settings.policy_dir))
    rules = Rules(charter=CHARTER, decider=decider, react=react, timers=timers, due=due)
    service = Service(package, settings, subscribers.router).decide(rules)
    return service.app([api.router], title="Recourse followup")


if __name__ == "__main__":
    serve("followup", FollowupSettings, create_app)
