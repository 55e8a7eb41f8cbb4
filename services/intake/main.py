"""Intake's composition root: settings in, a running service with its doors out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

import services.intake as package
from services.intake import CHARTER, api, subscribers
from services.intake.adapters.blinding import Blind, blind_what_is_open
from services.intake.adapters.doors import Doors
from services.intake.adapters.erasures import Erasures
from services.intake.adapters.known import Known
from services.intake.adapters.languages import make_detector
from services.intake.adapters.live import LiveConversations
from services.intake.adapters.load import Load
from services.intake.adapters.mail_in import MailDoor
from services.intake.adapters.outbox import Outbox
from services.intake.adapters.parties import Parties
from services.intake.adapters.policy_files import load_rules
from services.intake.adapters.reply_checker import ReplyChecker
from services.intake.adapters.smtp_door import mail_door
from services.intake.adapters.smtp_out import MailSender
from services.intake.channels.channel import OwnMail
from services.intake.channels.registry import STYLES
from services.intake.domain.decider import make_decider
from services.intake.domain.policies.wording import FALLBACK
from services.intake.domain.reactions import react
from services.intake.domain.timers import Timers, due
from services.intake.settings import IntakeSettings
from services.intake.tables import index
from shared.runtime.rules import Rules
from shared.runtime.service import Service, serve
from shared.runtime.telemetry import log


def create_app(settings: IntakeSettings) -> FastAPI:
    """Put the service together; starting the app starts all of it, the mail door included."""
    intake_rules = load_rules(settings.policy_dir, STYLES)
    service = Service(package, settings, subscribers.router)
    blind = Blind(service.vault)

    async def look_ups() -> None:
        await blind_what_is_open(service.database, await blind.open())

    service.first.append(look_ups)
    rules = Rules(
        charter=CHARTER,
        decider=make_decider(intake_rules),
        react=react,
        timers=Timers(intake_rules).changes,
        due=due,
        index=partial(index, blind=blind),
    )
    service.decide(rules)
    assert service.shell is not None
    own = OwnMail(settings.mail_from, settings.mail_from.rsplit("@", 1)[1])
    load = Load(service.shell)
    service.tasks.append(load.run)
    detect = make_detector(intake_rules.replies.languages, FALLBACK)
    doors = Doors(service.shell, detect, load, blind)
    sender = None
    if settings.smtp_out_host:
        sender = MailSender(settings.smtp_out_host, settings.smtp_out_port, settings.mail_from)
    reply_checker = ReplyChecker(settings)
    live = LiveConversations()
    outbox = Outbox(service.shell, own, sender, live)
    service.tasks.append(outbox.run)

    @asynccontextmanager
    async def smtp(_service: Service) -> AsyncIterator[None]:
        if settings.smtp_port is None:
            yield
            return
        door = MailDoor(doors, own)
        async with mail_door(door, settings.smtp_host, settings.smtp_port, settings.smtp_size_limit) as port:
            log.info("mail door open", port=port)
            yield

    app = service.app([api.router], title="Recourse intake", extras=[smtp, reply_checker.opened])
    app.state.reply_checker, app.state.parties = reply_checker, Parties(service.shell, detect, blind)
    if service.vault is not None:
        erasures = Erasures(service.shell, service.vault, intake_rules)
        service.tasks.append(erasures.run)
        app.state.erasures, app.state.known = erasures, Known(service.shell, service.peers, service.vault)
    app.state.doors, app.state.outbox, app.state.live = doors, outbox, live
    app.state.intake_rules = intake_rules
    return app


if __name__ == "__main__":
    serve("intake", IntakeSettings, create_app)
