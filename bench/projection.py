"""Figures of the read models: projected live from the topics, and rebuilt from offset 0."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

import services.casebook as package
from bench.case_histories import PARTS, of_part
from deploy.local.databases import ServiceDatabase, create_service_database, create_vault_database
from deploy.local.identity import SERVICES
from services.casebook import CHARTER, subscribers
from services.casebook.projections.order import Progress, RebuildOrder
from services.casebook.projections.rebuild import rebuild
from services.casebook.projections.search import Search
from services.casebook.projections.vault_access import VaultAccess
from services.casebook.settings import CasebookSettings
from services.casebook.subscribers import Projector
from shared.contracts.event import Recorded
from shared.eventstore import vault_schema
from shared.eventstore.database import Database, Transaction
from shared.eventstore.master_key import new_master_key
from shared.eventstore.migrate import migrate
from shared.eventstore.vault import Vault
from shared.messaging.broker import ensure_topics, make_broker
from shared.messaging.codec import encode
from shared.messaging.topics import TOPICS
from shared.runtime.consumer import Consumer
from shared.runtime.peers import Peers
from tests.support.vault import VaultForTests

PASSWORD = "only-for-the-benchmark"
SENT_A_PART = 500


async def projection_figures(admin_url: str, kafka: str, cases: int, *, sealed: bool = True) -> dict[str, float]:
    """Publish `cases` whole cases to empty topics, then project them live, and rebuild the same from offset 0.

    `admin_url` is a superuser's, as libpq reads it. The events are `sealed` as the services store them, or plain as
    before there was a vault. Gives events/s and what they rest on; the rebuild is compared with live, and the number
    of differing rows is among the figures.
    """
    made, vault = fresh_casebook(admin_url), fresh_vault(admin_url) if sealed else None
    events, size = await _publish(kafka, cases, vault)
    live_seconds = await _live(made, kafka, events, vault)
    access = VaultAccess(vault.database.urls[CHARTER.owner], vault.line) if vault else None
    order = RebuildOrder(made.migration_database_url, CHARTER.owner, kafka, vault=access)
    rebuilt = await rebuild(order, _ignore)
    assert rebuilt.comparison is not None
    return {
        "events": events,
        "bytes_an_event": size / events,
        "live_events_per_second": events / live_seconds,
        "rebuild_events_per_second": events / (rebuilt.seconds["reading"] + rebuilt.seconds["indexing"]),
        "rebuild_reading_seconds": rebuilt.seconds["reading"],
        "rebuild_indexing_seconds": rebuilt.seconds["indexing"],
        "comparing_seconds": rebuilt.seconds["comparing"],
        "rows_compared": sum(rebuilt.comparison.rows.values()),
        "rows_differing": rebuilt.comparison.differing_rows,
    }


class _Stopwatch(Projector):
    """The casebook's own handler, which also notes when its first batch begins and its last is written."""

    def __init__(self, events: int, search: Search | None) -> None:
        super().__init__(search)
        self.left = events
        self.begun = 0.0
        self.seconds = 0.0
        self.done = asyncio.Event()

    async def handle(self, tx: Transaction, events: Sequence[Recorded]) -> Callable[[], None]:
        self.begun = self.begun or time.perf_counter()
        committed = await super().handle(tx, events)

        def note() -> None:
            committed()
            self.left -= len(events)
            self.seconds = time.perf_counter() - self.begun
            if not self.left:
                self.done.set()

        return note


async def _live(made: ServiceDatabase, kafka: str, events: int, vault: VaultForTests | None) -> float:
    """Let the service's own subscriber and consumer run until they have taken everything; give the seconds."""
    settings = CasebookSettings(database_url=SecretStr(made.database_url), token_public_key_file=Path("none"))
    database, peers = await Database(made.database_url).open(), Peers(settings)
    keys = vault.open(CHARTER.owner) if vault else None
    handler = _Stopwatch(events, Search(keys) if keys else None)
    broker = make_broker(kafka, subscribers.router)
    consumer = Consumer(
        CHARTER.owner, database, handler, peers, sources=CHARTER.listens, parts=PARTS, poison_attempts=1
    )
    broker.context.set_global("consumer", consumer)
    await broker.start()
    try:
        await handler.done.wait()
    finally:
        await broker.stop()
        await peers.close()
        await database.close()
        if keys:
            await keys.database.close()
    return handler.seconds


async def _publish(kafka: str, cases: int, vault: VaultForTests | None) -> tuple[int, int]:
    """Send the events of all log partitions in turn; give how many, and the bytes of their bodies."""
    await ensure_topics(kafka, TOPICS.values(), PARTS)
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, enable_idempotence=True, acks="all", linger_ms=5, max_batch_size=256 * 1024
    )
    await producer.start()
    parts = [of_part(part, cases // PARTS) for part in range(PARTS)]
    keys = vault.open("intake") if vault else None
    sent = size = 0
    try:
        while lot := [event for part in parts for event in islice(part, SENT_A_PART)]:
            waiting = []
            for event in await _sealed(keys, lot) if keys else lot:
                key, value, headers = encode(event)
                place = {"partition": event.log_part, "key": key, "headers": headers}
                waiting.append(await producer.send(TOPICS[event.log], value=value, **place))
                size += len(value)
            await asyncio.gather(*waiting)
            sent += len(lot)
    finally:
        await producer.stop()
        if keys:
            await keys.database.close()
    return sent, size


async def _sealed(vault: Vault, events: Sequence[Recorded]) -> list[Recorded]:
    known = [(fact, event.event_id) for event in events if (fact := event.fact) is not None]
    bodies = await vault.seal_all(known)
    return [event._replace(body=body) for event, body in zip(events, bodies, strict=True)]


def fresh_casebook(admin_url: str) -> ServiceDatabase:
    """Make an empty casebook in a new database."""
    made = create_service_database(admin_url, CHARTER.owner, f"bench_{secrets.token_hex(4)}", PASSWORD, PASSWORD)
    migrate(made.migration_database_url, package)
    return made


def fresh_vault(admin_url: str) -> VaultForTests:
    """Make an empty vault in a new database."""
    made = create_vault_database(
        admin_url, f"bench_vault_{secrets.token_hex(4)}", PASSWORD, dict.fromkeys(SERVICES, PASSWORD)
    )
    migrate(made.migration_url, vault_schema)
    return VaultForTests(made, new_master_key("bench"))


def _ignore(_progress: Progress) -> None:
    """Nobody watches."""
