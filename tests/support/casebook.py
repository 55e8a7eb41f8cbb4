"""A real casebook database, and its rows as they stand."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg
from aiokafka import AIOKafkaProducer

import services.casebook as casebook
from deploy.local.databases import ServiceDatabase
from services.casebook.projections.apply import apply
from services.casebook.projections.order import RebuildOrder
from services.casebook.projections.search import Search
from services.casebook.tables import LIVE, MODELS
from shared.contracts.event import Recorded
from shared.eventstore.database import Database
from shared.eventstore.migrate import migrate
from shared.messaging import cursor
from shared.messaging.codec import encode
from shared.messaging.topics import TOPICS
from tests.support.backends import MakeServiceDatabase


class Casebook(NamedTuple):
    """A migrated database, used by the service's own role."""

    made: ServiceDatabase
    database: Database

    def order(self, bootstrap: str, topics: Mapping[str, str]) -> RebuildOrder:
        """Give an order to rebuild this casebook from these topics."""
        url = self.made.migration_database_url
        return RebuildOrder(url, "casebook", bootstrap, topics, processes=2, patience_seconds=5)


@asynccontextmanager
async def open_casebook(make: MakeServiceDatabase) -> AsyncIterator[Casebook]:
    """Give a fresh casebook."""
    made = make("casebook")
    migrate(made.migration_database_url, casebook)
    database = await Database(made.database_url).open()
    try:
        yield Casebook(made, database)
    finally:
        await database.close()


async def go_live(database: Database, batches: Iterable[Sequence[Recorded]], search: Search | None = None) -> None:
    """Apply batches as the live consumer does: duplicates dropped, cursors moved in the same transaction."""
    for batch in batches:
        async with database.transaction() as tx:
            sources = tuple(TOPICS)
            planned = cursor.plan(batch, await cursor.open_cursors(tx.raw, casebook.CHARTER.owner, sources, 8))
            assert not planned.gaps
            await apply(tx.raw, planned.events, search=search)
            await cursor.move(tx.raw, casebook.CHARTER.owner, planned.moves)


async def rows_of(conn: asyncpg.Connection, schema: str = LIVE) -> dict[str, list[str]]:
    """Give every row of every table as PostgreSQL writes it, in a fixed order."""
    return {
        model.name: [row[0] for row in await conn.fetch(f'SELECT t::text FROM "{schema}"."{model.name}" t ORDER BY 1')]
        for model in MODELS
    }


async def publish(bootstrap: str, topics: Mapping[str, str], events: Iterable[Recorded]) -> None:
    """Send events to topics as the relays do."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    try:
        for event in events:
            key, value, headers = encode(event)
            await producer.send(topics[event.log], value=value, key=key, partition=event.log_part, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()
