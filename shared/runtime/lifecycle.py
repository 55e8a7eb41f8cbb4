"""How a service's process starts and ends: waiting for what it needs, and stopping when a task dies."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.errors import KafkaError
from sqlalchemy.exc import OperationalError

from shared.eventstore.database import TRANSIENT
from shared.runtime.telemetry import log

START_SECONDS = 60


async def once_reachable(what: str, attempt: Callable[[], Any]) -> None:
    """Try until it goes through, at most a minute: a service may be started before its database and Kafka are up."""
    loop = asyncio.get_running_loop()
    until = loop.time() + START_SECONDS
    while True:
        try:
            await attempt()
        except (KafkaError, OperationalError, *TRANSIENT) as error:
            if loop.time() > until:
                raise
            log.info("waiting", what=what, error=str(error).splitlines()[0] if str(error) else repr(error))
            await asyncio.sleep(0.3)
        else:
            return


def settle_memory() -> None:
    """Keep the collector off what lives as long as the process; walking it costs more than handling an event."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def never_ends(task: "asyncio.Task[Any]") -> None:
    """Stop the process when a task has died; for `add_done_callback`."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task died; the service stops", task=task.get_name(), exc_info=error)
        asyncio.get_running_loop().call_soon(_stop_process)


def _stop_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def cancel(tasks: "Sequence[asyncio.Task[Any]]") -> None:
    """End tasks and wait until they are gone."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
