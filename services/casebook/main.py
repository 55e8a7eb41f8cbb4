"""Casebook's composition root: settings in, a running service out."""

from fastapi import FastAPI
from sqlalchemy import make_url

import services.casebook as package
from services.casebook import CHARTER, api, subscribers
from services.casebook.api.connections import answer_preparation
from services.casebook.api.opening import OpenAnswers
from services.casebook.projections.order import RebuildOrder
from services.casebook.projections.renewal import Renewal
from services.casebook.projections.search import Search
from services.casebook.projections.vault_access import VaultAccess
from services.casebook.queries.learning import read_learning
from services.casebook.queries.past_case import PastCases
from services.casebook.queries.past_models import PastModels
from services.casebook.settings import CasebookSettings
from services.casebook.subscribers import Projector
from shared.runtime.service import Service, serve


def create_app(settings: CasebookSettings) -> FastAPI:
    """Put the service together; starting the app starts all of it."""
    service = Service(package, settings, subscribers.router)
    search = None if service.vault is None else Search(service.vault)
    service.consume(Projector(search))
    order = _order(settings)
    past_cases = PastCases(service.database.url, service.peers)
    past_models = PastModels(service.database.engine, service.peers, order)
    app = service.app(
        [api.router],
        title="Recourse casebook",
        extras=[Renewal(order).before_running, past_cases.while_running, past_models.while_running],
    )
    if service.vault is not None:
        app.add_middleware(OpenAnswers, open_document=service.vault.open_document)
    app.state.learning = read_learning(settings.policy_dir)
    app.state.past_cases, app.state.past_models = past_cases, past_models
    answer_preparation(app)
    app.state.search = search
    return app


def _order(settings: CasebookSettings) -> RebuildOrder | None:
    """Give an order to rebuild, where the settings let this service change its tables."""
    if settings.migration_database_url is None:
        return None
    return RebuildOrder(
        settings.migration_database_url.get_secret_value(),
        make_url(settings.database_url.get_secret_value()).username or CHARTER.owner,
        settings.kafka_bootstrap,
        log_parts=settings.log_parts,
        vault=_vault_access(settings),
    )


def _vault_access(settings: CasebookSettings) -> VaultAccess | None:
    """Give how a rebuild, in processes of its own, comes to the vault; None without one."""
    if settings.vault_url is None:
        return None
    if settings.master_key is not None:
        return VaultAccess(settings.vault_url.get_secret_value(), settings.master_key.get_secret_value())
    assert settings.master_key_file is not None, "the vault was opened with it"
    return VaultAccess(settings.vault_url.get_secret_value(), settings.master_key_file.read_text())


if __name__ == "__main__":
    serve("casebook", CasebookSettings, create_app)
