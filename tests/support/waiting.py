"""Waiting for something to become true, with a limit."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress


def eventually(holds: Callable[[], Awaitable[bool]], timeout: float = 20) -> None:
    """Poll an async condition until it holds; AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout

    async def poll() -> None:
        while not await holds():
            assert time.monotonic() < deadline, f"not so within {timeout} s"
            await asyncio.sleep(0.1)

    asyncio.run(poll())


def until(holds: Callable[[], bool], timeout: float = 60) -> None:
    """Poll a condition until it holds; AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"not so within {timeout} s"
        time.sleep(0.1)


@asynccontextmanager
async def stopped(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Let endless work go on inside, and end it after."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
