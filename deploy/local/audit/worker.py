"""One worker process a core: `python -m deploy.local.audit.worker`, a job on its stdin.

A worker writes a line for each number of events it has verified, and a last line with what it found.
"""

import asyncio
import gc
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from heapq import heappop, heappush

import asyncpg
import uvloop
from aiokafka.errors import KafkaError

from deploy.local.audit.part import PartCheck, PartJob, Verified
from deploy.local.audit.topic import consumer_of
from deploy.local.errors import StackError
from shared.kernel.errors import RecourseError

RESULT = b"="
LONGEST_LINE = 64 * 1024 * 1024


class WorkerDied(StackError):
    """A worker ended without a result."""


def share(job: PartJob, processes: int) -> list[PartJob]:
    """Share the log partitions of a job out over processes so that each has about as many events."""
    sizes = Counter[int]()
    for (_, part), span in job.spans.items():
        sizes[part] += span.head - span.after + 1
    loads = [(0, number, set[int]()) for number in range(max(1, min(processes, len(sizes))))]
    for part, size in sizes.most_common():
        load, number, parts = heappop(loads)
        heappush(loads, (load + size, number, parts | {part}))
    return [
        replace(job, spans={place: span for place, span in job.spans.items() if place[1] in parts})
        for _, _, parts in loads
        if parts
    ]


async def verify_all(jobs: Sequence[PartJob], progress: Callable[[int], None]) -> list[Verified]:
    """Do all jobs, one process each, a single one here; `progress` gets the number of events so far.

    When one fails, the others stop.
    """
    done = 0

    def count(events: int) -> None:
        nonlocal done
        done += events
        progress(done)

    if len(jobs) == 1:
        return [await verify(jobs[0], count)]
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(_work(job, count)) for job in jobs]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in running]


async def verify(job: PartJob, tell: Callable[[int], None]) -> Verified:
    """Do a job here."""
    async with _backends(job) as (connections, consumer):
        check = PartCheck(job, connections, consumer, tell)
        for part in sorted({part for _, part in job.spans}):
            await check.verify(part)
        return Verified(check.findings, check.records, check.repeated)


@asynccontextmanager
async def _backends(job: PartJob) -> AsyncIterator[tuple[dict[str, asyncpg.Connection], object]]:
    async with AsyncExitStack() as stack:
        connections = {}
        for log, dsn in job.dsns.items():
            connections[log] = await asyncpg.connect(dsn)
            stack.push_async_callback(connections[log].close)
        consumer = None
        if job.kafka is not None:
            consumer = consumer_of(job.kafka)
            await consumer.start()
            stack.push_async_callback(consumer.stop)
        yield connections, consumer


async def _work(job: PartJob, count: Callable[[int], None]) -> Verified:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=PIPE,
        stdout=PIPE,
        limit=LONGEST_LINE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        return await _hear(process, job, count)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _hear(process: Process, job: PartJob, count: Callable[[int], None]) -> Verified:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(ConnectionError):  # a worker that is gone already is told by the missing result
        process.stdin.write(pickle.dumps(job))
        process.stdin.close()
        await process.stdin.wait_closed()
    async for line in process.stdout:
        if line.startswith(RESULT):
            outcome: Verified | str = pickle.loads(b64decode(line[len(RESULT) :]))
            if isinstance(outcome, str):
                raise WorkerDied(outcome, "Look whether PostgreSQL and Kafka are up, with `recourse status`.")
            await process.wait()
            return outcome
        count(int(line))
    code = await process.wait()
    raise WorkerDied(f"a worker process ended with exit code {code}", "Its last words are above; run it again.")


def _main() -> None:
    job: PartJob = pickle.load(sys.stdin.buffer)
    gc.freeze()
    gc.disable()  # what is made here are rows, not cycles

    def tell(line: bytes) -> None:
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()

    outcome: Verified | str
    try:
        outcome = uvloop.run(verify(job, lambda events: tell(b"%d" % events)))
    except (OSError, RecourseError, asyncpg.PostgresError, KafkaError) as error:
        outcome = f"{type(error).__name__}: {error}"
    tell(RESULT + b64encode(pickle.dumps(outcome)))


if __name__ == "__main__":
    _main()
