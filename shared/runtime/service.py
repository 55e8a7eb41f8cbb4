"""Puts a deciding service together: database, log, shell, relay, ticker, consumer, HTTP."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from types import ModuleType
from typing import Any, TypeVar

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request
from faststream.kafka import KafkaBroker, KafkaRouter
from sqlalchemy import Executable

from shared.contracts.event import Fact, Recorded
from shared.eventstore import vault_schema
from shared.eventstore.database import Database
from shared.eventstore.migrate import migrate
from shared.eventstore.store import Store
from shared.eventstore.vault import Vault
from shared.kernel.errors import RecourseError
from shared.messaging.broker import ensure_topics, make_broker
from shared.messaging.evidence import EVIDENCE
from shared.messaging.topics import TOPICS
from shared.runtime.access import AccessRecorder, RecordAccesses
from shared.runtime.access_records import access_records_router
from shared.runtime.as_of import only_where_read
from shared.runtime.auth import TokenVerifier
from shared.runtime.consumer import Consumer, Handler, Prepare
from shared.runtime.evidence import evidence_router
from shared.runtime.lifecycle import cancel, never_ends, once_reachable, settle_memory
from shared.runtime.log_repair import log_repair_router
from shared.runtime.opened import opened_router
from shared.runtime.operations import operations_router
from shared.runtime.peers import Peers
from shared.runtime.problems import answer_problems
from shared.runtime.reactor import Reactor
from shared.runtime.relay import Relay
from shared.runtime.rules import Rules
from shared.runtime.sealer import Sealer
from shared.runtime.settings import ServiceSettings, load_settings
from shared.runtime.shell import Shell
from shared.runtime.streams import streams_router
from shared.runtime.telemetry import log, set_up_telemetry
from shared.runtime.ticker import Ticker
from shared.runtime.tracing import TraceRequests
from shared.runtime.vaulting import hear_erasures, open_vault, require_vault

T = TypeVar("T", bound=ServiceSettings)
Extra = Callable[["Service"], AbstractAsyncContextManager[None]]
Index = Callable[[Recorded, Fact], Sequence[Executable]]


class Service:
    """The parts of one running service. `shell`, `relay` and `ticker` are there in deciding services only."""

    def __init__(self, package: ModuleType, settings: ServiceSettings, router: KafkaRouter) -> None:
        self.package = package
        self.charter = package.CHARTER
        self.settings = settings
        self.verifier = TokenVerifier.from_file(settings.token_public_key_file)
        self.database = Database(settings.database_url.get_secret_value(), pool_size=settings.pool_size)
        self.vault: Vault | None = open_vault(settings)
        self.peers = Peers(settings)
        self.broker: KafkaBroker = make_broker(settings.kafka_bootstrap, router)
        self.store: Store | None = None
        self.shell: Shell[Any, Any] | None = None
        self.relay: Relay | None = None
        self.sealer: Sealer | None = None
        self.consumer: Consumer | None = None
        self.indexes: list[Index] = []  # what rules beside the service's own keep of its facts
        self.accesses = AccessRecorder(self.database)
        self.tasks: list[Callable[[], Any]] = [self.accesses.run]
        self.first: list[Callable[[], Any]] = []  # what must be done once the vault is there, before anything runs

    def decide(self, rules: Rules[Any, Any]) -> "Service":
        """Give the service a log and rules: it carries out commands, reacts, relays and keeps deadlines."""
        self.store = Store(self.charter.owner, self.settings.log_parts, self.vault)
        self.shell = Shell(self.database, self.store, rules)
        self.relay = Relay(self.database, self.store, self.settings.kafka_bootstrap, self.shell.appended)
        self.store.admit = self.relay.guard.admit
        self.tasks += [self.relay.run, Ticker(self.shell).run]
        if self.settings.log_key_file is not None:
            self.sealer = Sealer(
                self.database,
                self.store,
                self.settings.kafka_bootstrap,
                self.settings.log_key_file,
                self.settings.seal_seconds,
            )
            self.tasks.append(self.sealer.run)
        return self.consume(Reactor(self.shell), prepare=rules.prepare)

    def consume(self, handler: Handler, *, prepare: Prepare | None = None) -> "Service":
        """Give the service a handler for what its charter listens to, and what to ask others before."""
        self.consumer = Consumer(
            self.charter.owner,
            self.database,
            handler,
            self.peers,
            sources=self.charter.listens,
            parts=self.settings.log_parts,
            poison_attempts=self.settings.poison_attempts,
            prepare=prepare,
            opened=self.store.opened if self.store else None,
        )
        self.broker.context.set_global("consumer", self.consumer)
        return self

    def app(self, routers: Sequence[APIRouter], *, title: str, extras: Sequence[Extra] = ()) -> FastAPI:
        """Give the HTTP application; starting it starts the whole service, stopping it stops all of it.

        `extras` are context managers that live as long as the service, such as a mail door; no event is handled
        before all of them are there.
        """

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                await self._start(stack)
                if await self._fits():
                    await self._begin(app, stack, extras)
                else:
                    begin = asyncio.create_task(self._begin_when_it_fits(app, stack, extras), name="begin")
                    begin.add_done_callback(never_ends)
                    stack.push_async_callback(cancel, [begin])
                yield
                app.state.ready = False

        app = FastAPI(
            title=title,
            version="1",
            lifespan=lifespan,
            summary=self.package.__doc__,
            # FastAPI's own spans hold paths and queries, and in them what callers put there
            telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
            dependencies=[Depends(only_where_read)],
        )
        app.state.service = self
        app.state.verifier = self.verifier
        app.state.ready = False
        app.add_middleware(RecordAccesses, recorder=self.accesses, verifier=self.verifier)
        app.add_middleware(TraceRequests)
        answer_problems(app)
        evidence = [evidence_router(self.charter.owner), log_repair_router(self.charter.owner)] if self.store else []
        own = (
            operations_router(self.charter.owner),
            access_records_router(),
            opened_router(),
            streams_router(self.charter.owner),
            *evidence,
        )
        for router in (*routers, *own):
            app.include_router(router)
        return app

    async def _fits(self) -> bool:
        """Tell whether the store holds what its topic holds; services without a log have nothing to compare."""
        if self.relay is None:
            return True
        await self.relay.guard.looked.wait()
        return self.relay.guard.fits.is_set()

    async def _begin(self, app: FastAPI, stack: AsyncExitStack, extras: Sequence[Extra]) -> None:
        for extra in extras:
            await stack.enter_async_context(extra(self))
        await self._listen(stack)
        settle_memory()
        app.state.ready = True
        log.info("ready")

    async def _begin_when_it_fits(self, app: FastAPI, stack: AsyncExitStack, extras: Sequence[Extra]) -> None:
        """Until the store is reconciled, only operators are answered."""
        assert self.relay is not None
        await self.relay.guard.fits.wait()
        await self._begin(app, stack, extras)

    async def _start(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        if settings.migration_database_url is not None:
            url = settings.migration_database_url.get_secret_value()
            await once_reachable("database", lambda: asyncio.to_thread(migrate, url, self.package))
        stack.push_async_callback(self.database.close)
        await self._reach_vault(stack)
        stack.push_async_callback(self.peers.close)
        await once_reachable(
            "Kafka", lambda: ensure_topics(settings.kafka_bootstrap, (*TOPICS.values(), EVIDENCE), settings.log_parts)
        )
        tasks = [asyncio.create_task(task(), name=getattr(task, "__qualname__", "task")) for task in self.tasks]
        for task in tasks:
            task.add_done_callback(never_ends)
        stack.push_async_callback(cancel, tasks)

    async def _reach_vault(self, stack: AsyncExitStack) -> None:
        if (vault := self.vault) is None:
            return
        if (url := self.settings.vault_migration_url) is not None:
            owner = url.get_secret_value()
            await once_reachable("vault", lambda: asyncio.to_thread(migrate, owner, vault_schema))
        stack.push_async_callback(vault.database.close)
        await once_reachable("vault", vault.check)
        for step in self.first:
            await once_reachable("vault", step)
        self.tasks.append(partial(hear_erasures, vault))

    async def _listen(self, stack: AsyncExitStack) -> None:
        if self.consumer is not None:
            await self.broker.start()
            stack.push_async_callback(self.broker.stop)


def shell_of(request: Request) -> Shell[Any, Any]:
    """FastAPI dependency: the shell of the running service."""
    shell = request.app.state.service.shell
    assert isinstance(shell, Shell)
    return shell


def serve(name: str, settings_class: type[T], create_app: Callable[[T], FastAPI]) -> None:
    """Run a service until SIGTERM or Ctrl-C: read its settings, put it together, serve it.

    A setting or policy file that cannot be read ends the process with exit code 2 and one line that names it.
    """
    try:
        settings = load_settings(settings_class)
        require_vault(settings)
        set_up_telemetry(name, otlp_endpoint=settings.otlp_endpoint, level=settings.log_level)
        app = create_app(settings)
    except RecourseError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    uvicorn.run(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        log_config=None,  # its records go the way of all others, which tells errors without their words
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
    )
