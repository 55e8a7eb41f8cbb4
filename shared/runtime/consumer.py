"""Takes polled batches from Kafka to exactly-once effects: batch fast, single slow, poison parked, gaps repaired."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

from shared.contracts.event import Recorded
from shared.eventstore.database import TRANSIENT, Database, Transaction
from shared.kernel.errors import StaleVersion
from shared.messaging import cursor, dead_letters
from shared.messaging.cursor import CursorMoved, Place, Plan
from shared.runtime.clock import new_id, now
from shared.runtime.peers import Peers
from shared.runtime.telemetry import BATCH, CONSUMED, DUPLICATES, GAPS, PARKED, log
from shared.runtime.telling import tell

BACKOFF = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
CONFLICT_RETRIES = 20


class Handler(Protocol):
    """Applies events inside the consumer's transaction; gives what to do once it has committed."""

    async def handle(self, tx: Transaction, events: Sequence[Recorded]) -> Callable[[], None]: ...


Open = Callable[[list[Recorded]], Awaitable[list[Recorded]]]
"""Opens the sealed bodies of events, in memory; gives the events in the same order."""

Prepare = Callable[[Sequence[Recorded]], Awaitable[None]]
"""Asks others what the handler will need for these events; outside the transaction, for they may be slow."""


class Consumer:
    """One consumer of one service. `handle` returns only when every event is applied, parked or a duplicate."""

    def __init__(
        self,
        name: str,
        database: Database,
        handler: Handler,
        peers: Peers,
        *,
        sources: Sequence[str],
        parts: int,
        poison_attempts: int,
        prepare: Prepare | None = None,
        opened: Open | None = None,
    ) -> None:
        self.name = name
        self.database = database
        self.handler = handler
        self.sources = tuple(sources)
        self.healthy = True
        self._peers = peers
        self._parts = parts
        self._poison_attempts = poison_attempts
        self._prepare = prepare
        self._open = opened
        self._positions: dict[Place, int] | None = None

    async def handle(self, events: Sequence[Recorded]) -> None:
        """Take one polled batch to its end; waits as long as the database or a peer is away."""
        begun = time.perf_counter()
        attempt = 0
        while True:
            try:
                await self._take(events)
            except CursorMoved:
                self._positions = None
            except TRANSIENT as error:
                self.healthy = False
                self._positions = None
                log.warning("waiting", consumer=self.name, error=tell(error))
                await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
                attempt += 1
            else:
                self.healthy = True
                BATCH.labels(self.name).observe(time.perf_counter() - begun)
                return

    async def _take(self, events: Sequence[Recorded]) -> None:
        made = await self._plan(events)
        while made.gaps:
            events = [*await self._fill(made), *events]
            made = await self._plan(sorted(events, key=_order))
        for source, count in made.duplicates.items():
            DUPLICATES.labels(self.name, source).inc(count)
        if not made.events:
            return
        try:
            await self._unless_stale(made)
        except (CursorMoved, *TRANSIENT):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, one by one will tell which event
            log.info("batch failed, taking its events one by one", consumer=self.name, error=tell(error))
            for event in made.events:
                await self._single(event)

    async def _unless_stale(self, made: Plan) -> None:
        """Apply a plan, anew each time a person's command was faster on one of its cases."""
        for attempt in range(CONFLICT_RETRIES):
            try:
                return await self._apply(made)
            except StaleVersion:
                await asyncio.sleep(BACKOFF[min(attempt, 2)] * 0.1)
        raise OSError("cases keep changing under this batch")

    async def _plan(self, events: Sequence[Recorded]) -> Plan:
        if self._positions is None:
            async with self.database.connection() as tx:
                self._positions = await cursor.open_cursors(tx.raw, self.name, self.sources, self._parts)
        return cursor.plan(events, self._positions)

    async def _fill(self, made: Plan) -> list[Recorded]:
        filled: list[Recorded] = []
        for (source, part), (first, last) in made.gaps.items():
            log.warning("gap", consumer=self.name, source=source, log_part=part, first=first, last=last)
            GAPS.labels(self.name, source).inc()
            filled += await self._peers.missing(source, part, first, last)
        return filled

    async def _apply(self, made: Plan) -> None:
        opened = await self._ready(made.events)
        async with self.database.transaction() as tx:
            blocked = await dead_letters.parked_streams(tx.raw, self.name, dead_letters.streams_of(made.events))
            for event in made.events:
                if event.stream_id in blocked:
                    await self._park(tx, event, "behind an earlier dead letter of this case", 0)
            free = [event for event in opened if event.stream_id not in blocked] if blocked else opened
            committed = await self.handler.handle(tx, free) if free else _nothing
            await cursor.move(tx.raw, self.name, made.moves)
        committed()
        if self._positions is not None:
            self._positions.update({place: after for place, (_, after) in made.moves.items()})
        for event in made.events:
            CONSUMED.labels(self.name, event.log).inc()

    async def _ready(self, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Give events as the handler takes them: opened, and what it will need asked for."""
        if self._open is not None:
            events = await self._open(list(events))
        if self._prepare is not None:
            await self._prepare(events)
        return events

    async def _single(self, event: Recorded) -> None:
        made = cursor.plan([event], self._positions or {})
        if not made.events:
            return None
        failures = 0
        while True:
            try:
                return await self._unless_stale(made)
            except (CursorMoved, *TRANSIENT):
                raise
            except Exception as error:  # noqa: BLE001 - a poison event is parked with its error, whatever it is
                failures += 1
                if failures >= self._poison_attempts:
                    return await self._give_up(made, event, error, failures)
                await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])

    async def _give_up(self, made: Plan, event: Recorded, error: Exception, attempts: int) -> None:
        async with self.database.transaction() as tx:
            await self._park(tx, event, tell(error), attempts)
            await cursor.move(tx.raw, self.name, made.moves)
        if self._positions is not None:
            self._positions.update({place: after for place, (_, after) in made.moves.items()})

    async def _park(self, tx: Transaction, event: Recorded, error: str, attempts: int) -> None:
        await dead_letters.park(tx.raw, new_id(), self.name, event, error, attempts, now())
        PARKED.labels(self.name).inc()
        log.error("parked", consumer=self.name, case_id=str(event.stream_id), type=event.type, error=error)

    async def retry(self, stream: UUID, actor: str, reason: str) -> int:
        """Handle the parked events of a case again, in order, until one fails; give how many went through."""
        done = 0
        while True:
            try:
                async with self.database.transaction() as tx:
                    await dead_letters.lock(tx.raw, self.name)
                    parked = await dead_letters.parked_of(tx.raw, self.name, stream)
                    if not parked:
                        return done
                    first = parked[0]
                    committed = await self.handler.handle(tx, await self._ready([first.event]))
                    act = dead_letters.Act(new_id(), actor, reason, now())
                    await dead_letters.settle(tx.raw, first.dead_letter_id, "retried", act)
            except TRANSIENT:
                raise
            except Exception as error:  # noqa: BLE001 - the failure is recorded on the dead letter
                async with self.database.transaction() as tx:
                    act = dead_letters.Act(new_id(), actor, reason, now())
                    problem = tell(error)
                    await dead_letters.retry_failed(tx.raw, first.dead_letter_id, problem, act)
                return done
            committed()
            done += 1


def _order(event: Recorded) -> tuple[str, int, int]:
    return event.log, event.log_part, event.position


def _nothing() -> None:
    return None
