"""Approvals' composition root: settings in, a running service out."""

from fastapi import FastAPI

import services.approvals as package
from services.approvals import CHARTER, api, subscribers
from services.approvals.adapters.hearings import Hearings
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.decider import make_decider
from services.approvals.domain.reactions import react
from services.approvals.domain.timers import due, timers
from services.approvals.settings import ApprovalsSettings
from services.approvals.tables import index
from shared.runtime.rules import Rules
from shared.runtime.service import Service, serve


def create_app(settings: ApprovalsSettings) -> FastAPI:
    """Put the service together; starting the app starts all of it."""
    authority = load_authority(settings.policy_dir)
    rules = Rules(charter=CHARTER, decider=make_decider(authority), react=react, timers=timers, due=due, index=index)
    service = Service(package, settings, subscribers.router).decide(rules)
    hearings = Hearings(settings)
    app = service.app([api.router], title="Recourse approvals", extras=[hearings.opened])
    app.state.authority, app.state.hearings = authority, hearings
    return app


if __name__ == "__main__":
    serve("approvals", ApprovalsSettings, create_app)
