"""Triage's composition root: settings in, a running service out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

from fastapi import FastAPI

import services.triage as package
from services.triage import CHARTER, api, subscribers
from services.triage.adapters.facts_provider import FactsProvider
from services.triage.adapters.language import make_detect
from services.triage.adapters.language_model import LanguageModel, Prompt
from services.triage.adapters.model_file import ModelFile
from services.triage.adapters.policy_files import load_assessment
from services.triage.adapters.policy_log import PolicyLog
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.policy_store import PolicyStore
from services.triage.adapters.preparing import Preparing
from services.triage.adapters.reply_check_files import checker_from, load_regulated
from services.triage.domain.decider import make_decider
from services.triage.domain.policies.answering import TriageRules
from services.triage.domain.policies.assessment import Said, judge
from services.triage.domain.policies.rulebook import Outline
from services.triage.domain.reactions import make_react
from services.triage.settings import TriageSettings
from shared.contracts.triage import Reading
from shared.runtime.policy_files import read_calendar
from shared.runtime.rules import Rules
from shared.runtime.service import Extra, Service, serve


def provider_of(settings: TriageSettings) -> FactsProvider | None:
    """Give the facts provider that the settings name; None when nothing is to be looked up."""
    if settings.facts_url is None:
        return None
    return FactsProvider(settings.facts_url, timeout_ms=settings.facts_timeout_ms, token_file=settings.facts_token_file)


def model_of(settings: TriageSettings) -> ModelFile | None:
    """Give the published model; None where messages are read by the rules alone, or the policies come without one."""
    published = settings.policy_dir / "assessment" / "model"
    home = settings.model_dir or (published if published.is_dir() else None)
    return ModelFile.load(home) if settings.model and home else None


def language_model_of(settings: TriageSettings, outline: Outline) -> LanguageModel | None:
    """Give the external language model that the settings name; None when none is to be asked."""
    if settings.llm_url is None:
        return None
    return LanguageModel(
        settings.llm_url,
        settings.llm_model,
        Prompt(settings.policy_dir, settings.llm_prompt, outline),
        outline,
        key_file=settings.llm_key_file,
        timeout_ms=settings.llm_timeout_ms,
    )


@asynccontextmanager
async def closing(client: FactsProvider | LanguageModel) -> AsyncIterator[None]:
    """Keep a client's connections for as long as the service runs."""
    async with client:
        yield


def create_app(settings: TriageSettings) -> FastAPI:
    """Put the service together; starting the app starts all of it."""
    assessment = load_assessment(settings.policy_dir)
    leading = PolicyPack(settings.policy_dir / settings.policy)  # one that does not hold is told before anything starts
    policies = PolicyStore(leading.facts.id)
    calendar = read_calendar(settings.policy_dir / "calendars" / "default.yaml")
    detect = make_detect(assessment.outline.languages)
    model = model_of(settings)
    zone = ZoneInfo(calendar.zone)  # where a customer is nobody says; "tomorrow at nine" is ours

    def read(said: Said) -> Reading:
        return judge(replace(said, zone=said.zone or zone), assessment, detect, model)

    provider = provider_of(settings)
    language_model = language_model_of(settings, assessment.outline)
    preparing = Preparing(
        read,
        records=tuple(leading.facts.records),
        lookup=provider.lookup if provider else None,
        ask=language_model.ask if language_model else None,
        sure_from=settings.llm_below,
    )
    regulated = load_regulated(settings.policy_dir).category
    decider = make_decider(TriageRules(policies, calendar, assessment.outline.needs_person_below, regulated))
    rules = Rules(
        charter=CHARTER,
        decider=decider,
        react=make_react(read, preparing.take),
        prepare=preparing.prepare if preparing.asks_others else None,
    )
    service = Service(package, settings, subscribers.router).decide(rules)
    assert service.shell is not None
    log = PolicyLog(service.shell, policies)
    service.indexes.append(log.shell.rules.index)
    extras: list[Extra] = [lambda _service: log.running(settings.policy_dir)]
    if provider is not None:
        extras.append(lambda _service: closing(provider))
        if service.vault is not None:
            service.vault.on_erased(lambda _subject: provider.forget())
    if language_model is not None:
        extras.append(lambda _service: closing(language_model))
    app = service.app([api.router], title="Recourse triage", extras=extras)
    app.state.policies = policies
    app.state.policy_log = log
    app.state.lookup = provider.lookup if provider else None
    app.state.outline = assessment.outline
    app.state.checker = checker_from(settings.policy_dir, assessment, detect)
    return app


if __name__ == "__main__":
    serve("triage", TriageSettings, create_app)
