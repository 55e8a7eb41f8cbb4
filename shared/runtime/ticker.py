"""Fires durable timers: the only thing that makes a deadline pass."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from opentelemetry.trace import SpanKind

from shared.eventstore.database import TRANSIENT, Transaction
from shared.eventstore.draft import Provenance
from shared.kernel.errors import StaleVersion
from shared.kernel.timers import Timer
from shared.runtime import timers
from shared.runtime.clock import new_id, now
from shared.runtime.rules import Command
from shared.runtime.shell import Job, Shell
from shared.runtime.telemetry import TIMERS, current_traceparent, log, span
from shared.runtime.telling import tell

C = TypeVar("C", bound=Command)
S = TypeVar("S")
TICK_SECONDS = 0.5
AT_ONCE = 200
ATTEMPTS = 5


class Ticker(Generic[C, S]):
    """Turns due timers into commands; several instances share the work, and a crash leaves a timer due."""

    def __init__(self, shell: Shell[C, S]) -> None:
        self._shell = shell

    async def run(self) -> None:
        """Fire what is due, until cancelled."""
        while True:
            try:
                while await self.fire_due():
                    pass
            except TRANSIENT as error:
                log.warning("ticker waits", error=tell(error))
            await asyncio.sleep(TICK_SECONDS)

    async def fire_due(self) -> int:
        """Fire the timers that are due now, at most 200; give how many fired."""
        try:
            return await self._fire(AT_ONCE)
        except TRANSIENT:
            raise
        except StaleVersion:
            return await self._fire(1)
        except Exception as error:  # noqa: BLE001 - one by one tells which timer it is
            log.warning("a timer failed, firing them one by one", error=tell(error))
            return await self._fire_one_by_one()

    async def _fire(self, limit: int) -> int:
        async with self._shell.database.transaction() as tx:
            due = await timers.claim(tx.raw, now(), limit=limit, attempts=ATTEMPTS)
            if not due:
                return 0
            committed = await self._carry_out(tx, due)
        committed()
        return len(due)

    async def _fire_one_by_one(self) -> int:
        fired = 0
        while fired < AT_ONCE:
            async with self._shell.database.connection() as tx:
                due = await timers.claim(tx.raw, now(), limit=1, attempts=ATTEMPTS)
            if not due:
                break
            try:
                await self._fire(1)
            except (StaleVersion, *TRANSIENT):
                raise
            except Exception as error:  # noqa: BLE001 - kept on the timer for an operator
                log.error("timer failed", case_id=str(due[0].stream_id), kind=due[0].kind, error=tell(error))
                async with self._shell.database.connection() as tx:
                    await timers.failed(tx.raw, due[0], tell(error))
            fired += 1
        return fired

    async def _carry_out(self, tx: Transaction, due: list[Timer]) -> Callable[[], None]:
        owner = self._shell.rules.charter.owner
        instant = now()
        jobs: list[Job[C]] = []
        for timer in due:
            with span(f"timer {timer.kind}", kind=SpanKind.INTERNAL, case_id=timer.stream_id):
                by = Provenance(
                    actor=f"system:{owner}",
                    via=f"timer:{timer.kind}",
                    correlation_id=new_id(),
                    traceparent=current_traceparent(),
                )
                jobs.append(Job(self._shell.rules.due(timer, instant), by))
            TIMERS.labels(owner, timer.kind).inc()
        work = await self._shell.carry_out(tx, jobs)
        await timers.finish(tx.raw, due)
        return work.committed
