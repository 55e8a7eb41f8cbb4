"""A deciding service over a real database, with its HTTP API and its ticker, but without Kafka."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from deploy.local.databases import ServiceDatabase
from deploy.local.identity import Identity
from shared.contracts.event import Fact, Recorded
from shared.eventstore.database import Database
from shared.eventstore.migrate import migrate
from shared.eventstore.store import Store
from shared.eventstore.vault import Vault
from shared.runtime.auth import TokenVerifier
from shared.runtime.problems import answer_problems
from shared.runtime.reactor import Reactor
from shared.runtime.rules import Rules
from shared.runtime.shell import Shell
from shared.runtime.ticker import Ticker

PARTS = 8


@dataclass
class Office:
    """The parts of a service under test."""

    shell: Shell[Any, Any]
    store: Store
    http: httpx.AsyncClient
    identity: Identity
    app: FastAPI

    async def hear(self, *events: Recorded) -> None:
        """React to other services' events, as the consumer does."""
        async with self.shell.database.transaction() as tx:
            committed = await Reactor(self.shell).handle(tx, events)
        committed()

    async def tick(self) -> int:
        """Fire the timers that are due; give how many fired."""
        return await Ticker(self.shell).fire_due()

    async def post(self, user: str, path: str, **body: Any) -> httpx.Response:
        """Post as one of the ready users."""
        return await self.http.post(path, json=body, headers=self.headers(user))

    async def get(self, user: str, path: str, **query: Any) -> httpx.Response:
        """Get as one of the ready users."""
        return await self.http.get(path, params=query, headers=self.headers(user))

    def headers(self, user: str) -> dict[str, str]:
        """Give the headers that say who asks."""
        return {"Authorization": f"Bearer {self.identity.mint(user)}"}

    async def events(self) -> list[Recorded]:
        """Give everything that is on record."""
        async with self.shell.database.connection() as tx:
            return await self.store.read_all(tx.raw, dict.fromkeys(range(PARTS), 0), 100_000)

    async def facts(self) -> list[Fact]:
        """Give every recorded fact."""
        return [fact for event in await self.events() if (fact := event.fact) is not None]

    async def timers(self) -> list[str]:
        """Give the kinds of the timers that are set, the earliest first."""
        async with self.shell.database.connection() as tx:
            return [row["kind"] for row in await tx.raw.fetch("SELECT kind FROM timer ORDER BY due, kind")]


@asynccontextmanager
async def open_office(
    make: Callable[[str], ServiceDatabase],
    home: Path,
    package: ModuleType,
    rules: Rules[Any, Any],
    router: APIRouter,
    vault: Vault | None = None,
    **on_state: object,
) -> AsyncIterator[Office]:
    """Give a service over a fresh, migrated database; `on_state` is what its API finds on the application."""
    owner = rules.charter.owner
    made = make(owner)
    migrate(made.migration_database_url, package)
    database, store = Database(made.database_url, pool_size=5), Store(owner, PARTS, vault)
    shell = Shell(database, store, rules)
    identity = Identity(home)
    identity.prepare()
    app = FastAPI()
    app.include_router(router)
    answer_problems(app)
    app.state.service = SimpleNamespace(shell=shell)
    app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
    for name, value in on_state.items():
        setattr(app.state, name, value)
    transport = httpx.ASGITransport(app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://office") as http:
            yield Office(shell, store, http, identity, app)
    finally:
        await database.close()
