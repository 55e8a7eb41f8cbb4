"""A running intake for tests: HTTP, WebSocket and SMTP in, topics of its own on a real Kafka, mail out to a catcher."""

import importlib
from asyncio import create_task, sleep, timeout
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from deploy.local.databases import ServiceDatabase
from deploy.local.identity import Identity
from deploy.local.process import free_port
from services.intake import subscribers
from services.intake.main import create_app
from services.intake.settings import IntakeSettings
from shared.contracts.catalogue import OWNERS
from shared.messaging.topics import TOPICS
from shared.runtime.clock import new_id
from tests.support.intake import POLICIES, Catcher, catching


@dataclass
class Running:
    """A running intake and what is around it."""

    http: httpx.AsyncClient
    identity: Identity
    smtp_port: int
    catcher: Catcher
    kafka: str
    topics: dict[str, str]

    async def post(self, path: str, body: dict[str, Any], user: str = "door") -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers(user))

    async def get(self, path: str, user: str = "door", **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers(user))

    def headers(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.identity.mint(user)}"}


@contextmanager
def own_topics() -> Iterator[dict[str, str]]:
    """Topics of this module's own, in the place of the owners': another test's facts are not ours."""
    with pytest.MonkeyPatch.context() as patch:
        for owner in OWNERS:
            patch.setitem(TOPICS, owner, f"{owner}-{new_id().hex}.events")
        importlib.reload(subscribers)  # it names its topics when it is imported
        yield dict(TOPICS)
    importlib.reload(subscribers)


@asynccontextmanager
async def running_intake(
    made: ServiceDatabase, kafka: str, home: Path, topics: dict[str, str]
) -> AsyncIterator[Running]:
    """Run intake over a database and a Kafka; `home` is for keys and tokens."""
    identity = Identity(home)
    identity.prepare()
    async with catching() as (catcher, out_port):
        settings = IntakeSettings(
            database_url=SecretStr(made.database_url),
            migration_database_url=SecretStr(made.migration_database_url),
            kafka_bootstrap=kafka,
            token_public_key_file=identity.public_key_file,
            policy_dir=POLICIES,
            smtp_port=free_port(),
            smtp_out_host="127.0.0.1",
            smtp_out_port=out_port,
            mail_from="care@shop.example",
        )
        assert settings.smtp_port is not None
        async with _serving(settings) as url, httpx.AsyncClient(base_url=url) as http:
            yield Running(http, identity, settings.smtp_port, catcher, kafka, topics)


@asynccontextmanager
async def _serving(settings: IntakeSettings) -> AsyncIterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings), port=0, log_level="error", ws="websockets-sansio", lifespan="on")
    )
    task = create_task(server.serve())
    await until(lambda: _true(server.started or task.done()))
    assert server.started
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


async def _true(value: bool) -> bool:
    return value


async def until(holds: Callable[[], Awaitable[Any]], seconds: float = 60) -> Any:
    """Wait until something holds, and give it."""
    async with timeout(seconds):
        while not (found := await holds()):
            await sleep(0.05)
        return found
