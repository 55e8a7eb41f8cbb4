"""Figures of looking back: one case as it was known at an instant, and where the logs stood, in a long history."""

import asyncio
import random
import secrets
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from statistics import quantiles
from types import ModuleType, SimpleNamespace
from uuid import UUID

import asyncpg
import uvicorn
import uvloop
from fastapi import FastAPI
from sqlalchemy import make_url

from bench.backends import PASSWORD, Backends
from bench.case_histories import PARTS, SPACED, START, of_part
from bench.figure import Figure
from deploy.local.databases import ServiceDatabase, create_service_database
from deploy.local.identity import Identity
from services import approvals, casebook, followup, intake, triage
from services.casebook.projections.apply import fold
from services.casebook.queries.cases import one_case
from services.casebook.queries.past_case import Asked, PastCases
from services.casebook.queries.timeline import timeline_of
from services.casebook.settings import CasebookSettings
from services.casebook.tables import LIVE, MODELS
from shared.contracts.event import Recorded
from shared.eventstore.database import Database
from shared.eventstore.migrate import migrate
from shared.eventstore.readmodel_sql import copy
from shared.eventstore.store import Store
from shared.runtime.auth import TokenVerifier
from shared.runtime.peers import Peers
from shared.runtime.streams import streams_router

SERVICES: Mapping[str, ModuleType] = {
    "intake": intake,
    "triage": triage,
    "approvals": approvals,
    "followup": followup,
    "casebook": casebook,
}
DECIDING = ("intake", "triage", "approvals", "followup")
EVENTS_A_CASE = 22
AT_ONCE = 50_000  # events copied in one go
WARMED_UP = 20


def asof_figures(backends: Backends, *, events: int, reads: int) -> Iterator[Figure]:
    """Read cases at random instants over HTTP from four stores; bar: 50 ms for one case with its timeline."""
    made = {name: _made(backends, name, package) for name, package in SERVICES.items()}
    cases = uvloop.run(_fill(made, events))
    of_case, of_logs = uvloop.run(_measured(made, cases, reads))
    for name, taken, bar in (
        ("as of: one case and its timeline", of_case, 50.0),
        ("as of: where four logs stood", of_logs, None),
    ):
        cuts = quantiles(taken, n=100)
        yield Figure(
            f"{name}, {events:,} events",
            cuts[94],
            "ms (p95)",
            "" if bar is None else f"≤ {bar:g} ms",
            None if bar is None else cuts[94] <= bar,
            {"ms (p50)": cuts[49], "ms (p99)": cuts[98]},
        )


def _made(backends: Backends, name: str, package: ModuleType) -> ServiceDatabase:
    made = create_service_database(backends.admin_url, name, f"bench_{name}_{secrets.token_hex(4)}", PASSWORD, PASSWORD)
    migrate(made.migration_database_url, package)
    return made


async def _fill(made: Mapping[str, ServiceDatabase], events: int) -> list[UUID]:
    """Copy a history into the four logs and the read models; gives its cases."""
    owners = {name: await asyncpg.connect(_plain(one.migration_database_url)) for name, one in made.items()}
    cases: dict[UUID, None] = {}
    for part in range(PARTS):
        told = of_part(part, events // EVENTS_A_CASE // PARTS)
        while lot := list(islice(told, AT_ONCE - AT_ONCE % (EVENTS_A_CASE * 200))):
            cases |= dict.fromkeys(event.stream_id for event in lot)
            for name in DECIDING:
                await _copy_log(owners[name], [event for event in lot if event.log == name])
            batch = fold(lot)
            batch.rows = {model: rows for model, rows in batch.rows.items() if model.name != "counter"}
            await copy(owners["casebook"], LIVE, batch)
    for name in DECIDING:
        await owners[name].execute("VACUUM (ANALYZE) event")
    for model in MODELS:
        await owners["casebook"].execute(f"VACUUM (ANALYZE) {LIVE}.{model.name}")
    for owner in owners.values():
        await owner.close()
    return list(cases)


async def _copy_log(owner: asyncpg.Connection, events: Sequence[Recorded]) -> None:
    fields = [name for name in Recorded._fields if name != "log"]
    rows = [tuple(getattr(event, name) for name in fields) for event in events]
    await owner.copy_records_to_table("event", columns=fields, records=rows)


async def _measured(
    made: Mapping[str, ServiceDatabase], cases: Sequence[UUID], reads: int
) -> tuple[list[float], list[float]]:
    """Give milliseconds a read: of a case, and of the positions of all logs."""
    chance = random.Random(7)
    of_case, of_logs = [], []
    async with _running(made) as (past, database, peers):
        for nth in range(reads + WARMED_UP):
            case_id = chance.choice(cases)
            async with database.engine.connect() as live:
                stood = (await timeline_of(live, case_id, None, 500)).items
                # Of its beginning nothing is known but that it was opened; later than its end it is whole.
                at = chance.choice(stood).recorded_at
                begun = time.perf_counter()
                async with past.open(live, str(case_id), Asked(known=at)) as conn:
                    shown = await one_case(conn, str(case_id))
                    timeline = await timeline_of(conn, case_id, None, 500)
                taken = time.perf_counter() - begun
            assert shown.events == len(timeline.items) == sum(event.recorded_at <= at for event in stood)
            begun = time.perf_counter()
            for name in DECIDING:
                await peers.positions(name, START + SPACED * chance.randrange(1, 1000))
            if nth >= WARMED_UP:
                of_case.append(taken * 1000)
                of_logs.append((time.perf_counter() - begun) * 1000)
    return of_case, of_logs


@asynccontextmanager
async def _running(made: Mapping[str, ServiceDatabase]) -> AsyncIterator[tuple[PastCases, Database, Peers]]:
    """The four logs over HTTP, as services give them, and what casebook asks them with; all of it in this process."""
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recourse-bench-")))
        identity = Identity(home / "identity")
        identity.prepare()
        urls = {}
        for name in DECIDING:
            database = Database(made[name].database_url)
            stack.push_async_callback(database.close)
            urls[f"{name}_url"] = await _served(stack, name, database, identity)
        settings = CasebookSettings.model_validate(
            {
                "database_url": made["casebook"].database_url,
                "token_public_key_file": identity.public_key_file,
                "token_file": identity.token_file("casebook"),
                **urls,
            }
        )
        database = Database(made["casebook"].database_url)
        stack.push_async_callback(database.close)
        peers = Peers(settings)
        stack.push_async_callback(peers.close)
        past = PastCases(database.url, peers)
        await stack.enter_async_context(past.while_running(None))
        yield past, database, peers


async def _served(stack: AsyncExitStack, name: str, database: Database, identity: Identity) -> str:
    app = FastAPI()
    app.state.service = SimpleNamespace(store=Store(name, PARTS), database=database)
    app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
    app.include_router(streams_router(name))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listening]))

    async def stop() -> None:
        server.should_exit = True
        await serving

    stack.push_async_callback(stop)
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
