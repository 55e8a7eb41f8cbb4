"""Publishes a service's log to Kafka: one relay a service, each log partition in order, never a position skipped."""

import asyncio
from collections.abc import Sequence

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.event import Recorded
from shared.eventstore.database import TRANSIENT, Database
from shared.eventstore.store import Store
from shared.messaging import cursor
from shared.messaging.codec import encode
from shared.messaging.tail import Head, TopicDamaged
from shared.messaging.topics import topic_of
from shared.runtime.guard import StoreGuard, wait_until_it_fits
from shared.runtime.telemetry import LAG, RELAYED, log

RELAY = "relay"
RELAY_LOCK = 8
BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.2
PAGE = 500
TAKE_OVER = """
    UPDATE log_cursor SET epoch = epoch + 1 WHERE consumer = $1 AND source = $2 RETURNING log_part, position, epoch"""
MOVE = """
    UPDATE log_cursor c SET position = m.after
    FROM unnest($3::smallint[], $4::bigint[]) AS m(log_part, after)
    WHERE c.consumer = $1 AND c.source = $2 AND c.log_part = m.log_part AND c.epoch = $5"""


class NotLeading(Exception):
    """Another relay of this service took over, or this one is to begin again."""


class Relay:
    """Moves facts from the log to the owner's topic, in order, and the same positions again after a crash.

    `wake` is set by this process's own appends; appends of other instances are found by polling.
    """

    def __init__(self, database: Database, store: Store, bootstrap: str, wake: asyncio.Event) -> None:
        self.leading = False
        self.standing_by = False
        self._database = database
        self._store = store
        self._bootstrap = bootstrap
        self._wake = wake
        self._topic = topic_of(store.log)
        self._again = False
        self.guard = StoreGuard(store, bootstrap, self._topic)

    def begin_again(self) -> None:
        """Look what the topic holds, and publish from there: it may have been made again."""
        self._again = True
        self._wake.set()

    async def run(self) -> None:
        """Relay until cancelled; when Kafka, the database or the leadership goes away, start over from the cursor."""
        while True:
            try:
                await self._lead()
            except (KafkaError, TopicDamaged, NotLeading, *TRANSIENT) as error:
                if not isinstance(error, KafkaError | TopicDamaged | NotLeading):
                    self.guard.doubt()
                log.warning("relay starts over", error=repr(error))
                await asyncio.sleep(IDLE_SECONDS)
            finally:
                self.leading = self.standing_by = False

    async def _lead(self) -> None:
        async with self._database.connection() as held:
            self.standing_by = True
            held.raw.add_termination_listener(self._database_gone)
            try:
                if not await held.raw.fetchval("SELECT pg_try_advisory_lock($1, 0)", RELAY_LOCK):
                    await wait_until_it_fits(self.guard, held.raw)
                    await held.raw.execute("SELECT pg_advisory_lock($1, 0)", RELAY_LOCK)
                await self._publish_all(held.raw)
            finally:
                if not _gone(held.raw):
                    held.raw.remove_termination_listener(self._database_gone)
                    await held.raw.execute("SELECT pg_advisory_unlock_all()")

    def _database_gone(self, _connection: object) -> None:
        self.guard.doubt()

    async def _publish_all(self, raw: asyncpg.Connection) -> None:
        log_name = self._store.log
        held = await wait_until_it_fits(self.guard, raw)
        await cursor.open_cursors(raw, RELAY, [log_name], self._store.parts)
        rows = await raw.fetch(TAKE_OVER, RELAY, log_name)
        # What the topic lost, and if it is all, is published again.
        positions = {row["log_part"]: min(row["position"], held[row["log_part"]].position) for row in rows}
        if lost := sum(row["position"] - positions[row["log_part"]] for row in rows):
            log.warning("the topic lacks events that were published; they are published again", events=lost)
        epoch = max(row["epoch"] for row in rows)
        await raw.execute(
            "UPDATE log_cursor SET epoch = $3 WHERE consumer = $1 AND source = $2", RELAY, log_name, epoch
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, enable_idempotence=True, acks="all", linger_ms=0, max_batch_size=262144
        )
        await producer.start()
        try:
            self.leading = True
            while True:
                self._wake.clear()
                if self._again:
                    self._again = False
                    raise NotLeading("told to begin again")
                events = await self._store.read_all(raw, positions, PAGE)
                if not events:
                    await self._idle()
                    continue
                LAG.labels(log_name).set(len(events))
                positions.update(await self._publish(producer, events))
                await self._advance(raw, positions, epoch)
                RELAYED.labels(log_name).inc(len(events))
                if len(events) < PAGE:
                    await asyncio.sleep(BUSY_SECONDS)
        finally:
            await producer.stop()

    async def _idle(self) -> None:
        LAG.labels(self._store.log).set(0)
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _publish(self, producer: AIOKafkaProducer, events: Sequence[Recorded]) -> dict[int, int]:
        """Send events and wait for every acknowledgement; give the last position of each log partition."""
        sent = []
        last: dict[int, int] = {}
        known: dict[int, Head] = {}
        for event in events:
            key, value, headers = encode(event)
            sent.append(
                await producer.send(self._topic, value=value, key=key, partition=event.log_part, headers=headers)
            )
            last[event.log_part] = event.position
            known[event.log_part] = Head(event.position, event.chain_hash)
        await asyncio.gather(*sent)
        self.guard.published(known)
        return last

    async def _advance(self, raw: asyncpg.Connection, positions: dict[int, int], epoch: int) -> None:
        status = await raw.execute(MOVE, RELAY, self._store.log, list(positions), list(positions.values()), epoch)
        if int(status.rpartition(" ")[2]) != len(positions):
            raise NotLeading(f"the relay of {self._store.log} was taken over")


def _gone(raw: asyncpg.Connection) -> bool:
    try:
        return bool(raw.is_closed())
    except asyncpg.InterfaceError:  # the pool took a broken connection back already
        return True
