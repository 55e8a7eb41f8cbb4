"""Intake over a real database with its HTTP API, for tests of what people do there: no Kafka, no mail server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import services.intake as package
from services.intake import CHARTER, api
from services.intake.adapters.doors import Doors
from services.intake.adapters.erasures import Erasures
from services.intake.adapters.known import Known
from services.intake.adapters.languages import make_detector
from services.intake.adapters.live import LiveConversations
from services.intake.adapters.load import Load
from services.intake.adapters.outbox import Outbox
from services.intake.adapters.parties import Parties
from services.intake.adapters.reply_checker import ReplyChecker
from services.intake.domain.decider import make_decider
from services.intake.domain.policies.wording import FALLBACK
from services.intake.domain.reactions import react
from services.intake.domain.timers import Timers, due
from services.intake.tables import index
from shared.contracts.event import Recorded
from shared.eventstore.vault import Vault
from shared.runtime.rules import Rules
from tests.support.backends import MakeServiceDatabase
from tests.support.intake import OWN, RULES
from tests.support.office import Office, open_office


@asynccontextmanager
async def open_intake_office(
    make: MakeServiceDatabase, home: Path, vault: Vault | None = None
) -> AsyncIterator[Office]:
    """Give intake with its doors and its API; with a vault it seals, and can erase and export."""
    rules: Rules[Any, Any] = Rules(
        charter=CHARTER, decider=make_decider(RULES), react=react, timers=Timers(RULES).changes, due=due, index=index
    )
    async with open_office(make, home, package, rules, api.router, vault) as office:
        detect = make_detector(RULES.replies.languages, FALLBACK)
        state = office.app.state
        state.parties = Parties(office.shell, detect)
        state.doors = Doors(office.shell, detect, Load(office.shell))
        nowhere: Any = SimpleNamespace(triage_url=None, token_file=None)
        state.intake_rules = RULES
        state.reply_checker = ReplyChecker(nowhere)
        state.outbox = Outbox(office.shell, OWN, None, LiveConversations())
        if vault is not None:
            peers: Any = SimpleNamespace(stream=_of_no_other)
            state.erasures = Erasures(office.shell, vault, RULES)
            state.known = Known(office.shell, peers, vault)
        yield office


async def _of_no_other(_source: str, _stream: UUID) -> list[Recorded]:
    return []


async def write(
    office: Office, who: str, number: int, text: str, key: str = "", channel: str = "chat"
) -> dict[str, Any]:
    """Let somebody write; give where the message was put."""
    body = {"message_id": f"{who}-{number}", "text": text, "sender": {"kind": "handle", "address": who}}
    answer = await office.http.post(f"/{channel}/{key or who}/messages", json=body, headers=office.headers("door"))
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def answers(office: Office, key: str, channel: str = "chat") -> list[dict[str, Any]]:
    """Give what waits to be delivered in a conversation, the oldest first."""
    found: list[dict[str, Any]] = (await office.get("door", f"/{channel}/{key}/messages")).json()
    return found
