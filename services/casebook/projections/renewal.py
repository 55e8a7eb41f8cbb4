"""Read models that a migration could not bring to their new shape are rebuilt once, before the service goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from services.casebook.projections.order import Progress, RebuildOrder, dsn_of
from services.casebook.projections.rebuild import rebuild
from shared.kernel.errors import RecourseError
from shared.runtime.telemetry import log

# A migration leaves this on the table; the rebuilt table that takes its place says nothing.
STALE = "SELECT obj_description(to_regclass('live.case_search')) = 'to be rebuilt'"


class Renewal:
    """Rebuilds the live read models at the start of a service, if they are to be; `order` is None without the right."""

    def __init__(self, order: RebuildOrder | None) -> None:
        self._order = None if order is None else replace(order, compare=False, switch="always")

    @asynccontextmanager
    async def before_running(self, _service: object) -> AsyncIterator[None]:
        """Rebuild before the first event is handled; when that fails, it is told, and the service goes on without."""
        if self._order is not None and await _stale(self._order):
            log.info("the read models have a new shape; they are rebuilt once")
            try:
                done = await rebuild(self._order, _unseen)
            except RecourseError as error:
                log.error("earlier cases are not found by words: run `recourse replay --switch`", error=str(error))
            else:
                log.info("the read models are rebuilt", events=done.events)
        yield


async def _stale(order: RebuildOrder) -> bool:
    conn = await asyncpg.connect(dsn_of(order))
    try:
        return bool(await conn.fetchval(STALE))
    finally:
        await conn.close()


def _unseen(_progress: Progress) -> None:
    return None
