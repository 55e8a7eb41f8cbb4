"""Casebook's composition root: settings in, a running service out."""

from fastapi import FastAPI

import services.casebook as package
from services.casebook import api, subscribers
from services.casebook.queries.learning import read_learning
from services.casebook.queries.past_case import PastCases
from services.casebook.settings import CasebookSettings
from services.casebook.subscribers import Projector
from shared.runtime.service import Service, serve


def create_app(settings: CasebookSettings) -> FastAPI:
    """Put the service together; starting the app starts all of it."""
    service = Service(package, settings, subscribers.router).consume(Projector())
    past = PastCases(service.database.url, service.peers)
    app = service.app([api.router], title="Recourse casebook", extras=[past.while_running])
    app.state.learning = read_learning(settings.policy_dir)
    app.state.past_cases = past
    return app


if __name__ == "__main__":
    serve("casebook", CasebookSettings, create_app)
