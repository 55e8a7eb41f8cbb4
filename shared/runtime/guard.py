"""Keeps a log that lost events from growing: its store is compared with what its topic holds already.

A store that was restored from an older backup has another future than the one that the topic tells. An event that it
recorded now would take a position that is taken, and consumers would pass over it as a duplicate.
"""

import asyncio

import asyncpg

from shared.eventstore.store import Store
from shared.kernel.errors import RecourseError
from shared.messaging.tail import Head, heads
from shared.runtime.telemetry import log

LOOK_SECONDS = 1.0
FIX = "look: recourse topics reconcile --service {log}; bring the events back with --apply"
CHAIN_AT = """
    SELECT e.log_part, e.position, e.chain_hash FROM unnest($1::smallint[], $2::bigint[]) AS k(part, at)
    JOIN event e ON e.log_part = k.part AND e.position = k.at"""


class StoreRefused(RecourseError, ConnectionError):
    """The store is not what was published from it; consumers and timers wait as if it were away."""

    status = 503
    title = "The store is not what it was"


class StoreGuard:
    """Knows how far the topic of a log goes, and refuses to append while the store does not hold just that."""

    def __init__(self, store: Store, bootstrap: str, topic: str) -> None:
        self.trouble: str | None = "it is not compared with its topic yet"
        self.looked = asyncio.Event()
        self.fits = asyncio.Event()
        self._store = store
        self._bootstrap = bootstrap
        self._topic = topic
        self._known: dict[int, Head] = {}
        self._certain = False

    def doubt(self) -> None:
        """Look again before the next append: the database was away, and may come back as another."""
        self._certain = False

    def published(self, known: dict[int, Head]) -> None:
        """Remember what was published; the topic holds it from now on."""
        self._known.update(known)

    async def compare(self, raw: asyncpg.Connection) -> dict[int, Head]:
        """Compare the store with its topic and give the topic's heads; raises StoreRefused when they do not fit."""
        self.doubt()
        self._known = await heads(self._bootstrap, self._topic, self._store.parts)
        await self._look(raw)
        self._refuse()
        return self._known

    async def admit(self, raw: asyncpg.Connection) -> None:
        """Let an append pass, or raise StoreRefused."""
        if not self._certain and self._known:
            await self._look(raw)
        self._refuse()

    def _refuse(self) -> None:
        if self.trouble is not None:
            raise StoreRefused(self.trouble, field=f"{self._store.log}'s store", fix=FIX.format(log=self._store.log))

    async def _look(self, raw: asyncpg.Connection) -> None:
        trouble = await self._compared(raw)
        if trouble is not None and trouble != self.trouble:
            log.error("the store is refused", log=self._store.log, trouble=trouble)
        self.trouble = trouble
        self._certain = True
        self.looked.set()
        if trouble is None:
            self.fits.set()
        else:
            self.fits.clear()

    async def _compared(self, raw: asyncpg.Connection) -> str | None:
        known = {part: head for part, head in self._known.items() if head.position}
        rows = await raw.fetch(CHAIN_AT, list(known), [head.position for head in known.values()])
        stored = {row["log_part"]: row["chain_hash"] for row in rows}
        missing = sorted(part for part in known if part not in stored)
        if missing:
            at = await self._store.heads(raw)
            lacking = sum(known[part].position - at[part] for part in missing)
            part = missing[0]
            return (
                f"it lacks {lacking} events that its topic holds (partition {part}: the store ends at {at[part]},"
                f" the topic at {known[part].position})"
            )
        for part, chain_hash in sorted(stored.items()):
            if chain_hash != known[part].chain_hash:
                return f"its event {part}/{known[part].position} is another than the one in its topic"
        return None


async def wait_until_it_fits(guard: StoreGuard, raw: asyncpg.Connection) -> dict[int, Head]:
    """Compare until store and topic fit, once a second; give the topic's heads."""
    while True:
        try:
            return await guard.compare(raw)
        except StoreRefused:
            await asyncio.sleep(LOOK_SECONDS)
