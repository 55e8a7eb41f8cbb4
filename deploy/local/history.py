"""The whole history of a home: every event of every log as it is stored, up to the positions noted at the start."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import NamedTuple

import asyncpg
from sqlalchemy.engine import make_url

from deploy.local.audit.access import dsns
from deploy.local.home import Home
from shared.contracts.catalogue import OWNERS
from shared.contracts.event import Recorded
from shared.eventstore.store import Store
from shared.eventstore.streams import positions_at

PAGE = 2000
Heads = Mapping[str, Mapping[int, int]]


class Page(NamedTuple):
    """Some events of one log partition, in order, and how many are read by now."""

    events: list[Recorded]
    done: int


class History:
    """Reads the logs of a running home; `heads` says up to which positions, which makes a report reproducible."""

    def __init__(self, home: Home, log_parts: int) -> None:
        self._dsns = dsns(home, OWNERS)
        self._parts = log_parts
        self.heads: dict[str, dict[int, int]] = {}

    async def note_heads(self, as_of: datetime | None = None) -> int:
        """Note where each log stands, or stood at an instant; gives how many events that is."""
        for owner in OWNERS:
            raw = await _connect(self._dsns[owner])
            try:
                store = Store(owner, self._parts)
                self.heads[owner] = await (positions_at(raw, store, as_of) if as_of else store.heads(raw))
            finally:
                await raw.close()
        return sum(sum(of_log.values()) for of_log in self.heads.values())

    async def pages(self) -> AsyncIterator[Page]:
        """Give every event up to the noted heads, bodies as they are stored."""
        done = 0
        for owner, of_log in self.heads.items():
            raw = await _connect(self._dsns[owner])
            try:
                store = Store(owner, self._parts)
                for part, head in of_log.items():
                    after = 0
                    while after < head:
                        events = await store.read(raw, part, after, min(PAGE, head - after))
                        after = events[-1].position
                        done += len(events)
                        yield Page(events, done)
            finally:
                await raw.close()


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
