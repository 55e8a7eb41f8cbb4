"""Intake in a real database: its log, its doors, its mail door and its outbox, without Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

import services.intake as intake
from deploy.local.databases import ServiceDatabase
from services.intake import CHARTER
from services.intake.adapters.blinding import Blind, blind_what_is_open
from services.intake.adapters.doors import Doors, Sayer, Taken
from services.intake.adapters.live import LiveConversations
from services.intake.adapters.load import Load
from services.intake.adapters.mail_in import MailDoor
from services.intake.adapters.outbox import Outbox
from services.intake.adapters.policy_files import load_rules
from services.intake.adapters.smtp_out import MailSender
from services.intake.channels.channel import Arrival, InboundMessage, OwnMail
from services.intake.channels.registry import CHANNELS, STYLES
from services.intake.domain.commands import Command
from services.intake.domain.decider import make_decider
from services.intake.domain.reactions import react
from services.intake.domain.state import IntakeState
from services.intake.domain.timers import Timers, due
from services.intake.tables import index
from shared.contracts.event import Fact
from shared.eventstore.database import Database
from shared.eventstore.migrate import migrate
from shared.eventstore.store import Store
from shared.eventstore.vault import Vault
from shared.runtime.rules import Rules
from shared.runtime.shell import Shell

POLICIES = Path(__file__).parents[2] / "policies"
RULES = load_rules(POLICIES, STYLES)
OWN = OwnMail("care@shop.example", "shop.example")
DOOR = Sayer("door", "door:test")
PARTS = 8
F = TypeVar("F", bound=Fact)


@dataclass
class OpenIntake:
    """The parts of intake under test."""

    shell: Shell[Command, IntakeState]
    store: Store
    doors: Doors
    mail_door: MailDoor
    live: LiveConversations = field(default_factory=LiveConversations)

    def outbox(self, sender: MailSender | None = None) -> Outbox:
        """Make an outbox over this intake."""
        return Outbox(self.shell, OWN, sender, self.live)

    async def take(self, channel: str, body: dict[str, Any], key: str = "") -> Taken:
        """Take one posted message."""
        return (await self.doors.take([said(channel, body, key)], DOOR))[0]

    async def facts(self, kind: type[F]) -> list[F]:
        """Give every recorded fact of one class, partition by partition."""
        async with self.shell.database.connection() as tx:
            stored = await self.store.read_all(tx.raw, dict.fromkeys(range(PARTS), 0), 100_000)
        events = await self.store.opened(stored)
        return [fact for event in events if isinstance(fact := event.fact, kind)]

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Read rows of intake's own tables."""
        async with self.shell.database.connection() as tx:
            return [dict(row) for row in await tx.raw.fetch(query, *values)]


def said(channel: str, body: dict[str, Any], key: str = "", at: datetime | None = None) -> InboundMessage:
    """Read a posted body as its channel does."""
    arrival = Arrival(at or datetime.now(UTC), conversation_key=key, own=OWN)
    message = CHANNELS[channel].parse(json.dumps(body).encode(), arrival)
    assert isinstance(message, InboundMessage)
    return message


@asynccontextmanager
async def open_intake(make: Callable[[str], ServiceDatabase], vault: Vault | None = None) -> AsyncIterator[OpenIntake]:
    """Give intake over a migrated database; with a vault, personal values are sealed, as in a running service."""
    made = make("intake")
    migrate(made.migration_database_url, intake)
    database = Database(made.database_url, pool_size=10)
    store = Store("intake", PARTS, vault)
    blind = await Blind(vault).open()
    await blind_what_is_open(database, blind)
    rules = Rules(
        charter=CHARTER,
        decider=make_decider(RULES),
        react=react,
        timers=Timers(RULES).changes,
        due=due,
        index=partial(index, blind=blind),
    )
    shell: Shell[Command, IntakeState] = Shell(database, store, rules)
    doors = Doors(shell, lambda _text: "en", Load(shell), blind)
    try:
        yield OpenIntake(shell, store, doors, MailDoor(doors, OWN))
    finally:
        await database.close()


@dataclass
class Catcher:
    """A mail server that keeps what it gets; `answers` are given first, one a mail, before it says 250."""

    mails: list[Envelope] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 caught"


@asynccontextmanager
async def catching() -> AsyncIterator[tuple[Catcher, int]]:
    """Run a catcher on a free port."""
    catcher = Catcher()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(catcher, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    try:
        yield catcher, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
