"""Logs errors that quote the first argument, in every way in which a service can come to log one, and dies of one."""

import asyncio
import gc
import logging
import sys

from shared.runtime.telemetry import log, set_up_telemetry


async def fail(words: str) -> None:
    raise KeyError(words)


async def forget(words: str) -> None:
    task = asyncio.create_task(fail(words), name=words)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()


def main(words: str) -> None:
    """Log and die."""
    set_up_telemetry("test", otlp_endpoint=None, level="INFO")
    try:
        raise KeyError(words)
    except KeyError as error:
        log.error("ours", exc_info=error)
        log.error("ours again", exc_info=True)
        logging.getLogger("uvicorn.error").error("a library's", exc_info=error)
    asyncio.run(forget(words))
    raise KeyError(words)


if __name__ == "__main__":
    main(sys.argv[1])
