"""One worker process a core for the bulk path: `python -m services.casebook.projections.workers`, a job on its stdin.

A worker writes a line for each number of events it has read, and a last line with what came of it. A plain process
is used rather than multiprocessing, which would load the caller's main module in each one, and could not be stopped.
"""

import asyncio
import gc
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from heapq import heappop, heappush

import asyncpg
import uvloop
from aiokafka.errors import KafkaError

from services.casebook.projections.bulk import BulkJob, Marks, WorkerDied, load
from shared.kernel.errors import RecourseError

RESULT = b"="
LONGEST_LINE = 64 * 1024 * 1024


def share(job: BulkJob, processes: int) -> list[BulkJob]:
    """Share a job of many log partitions out over processes so that each has about as many events."""
    sizes = Counter[int]()
    for (_, part), end in job.until.items():
        sizes[part] += end
    loads = [(0, number, list[int]()) for number in range(max(1, min(processes, len(sizes))))]
    for part, size in sizes.most_common():
        load_so_far, number, parts = heappop(loads)
        heappush(loads, (load_so_far + size, number, [*parts, part]))
    return [replace(job, parts=tuple(parts)) for _, _, parts in loads]


async def load_all(jobs: Sequence[BulkJob], progress: Callable[[int], None]) -> Marks:
    """Do all jobs, one process each; `progress` gets the number of events read so far.

    When one fails, or this is cancelled, the others are stopped. Raises what the first one met, or WorkerDied.
    """
    read = 0

    def count(events: int) -> None:
        nonlocal read
        read += events
        progress(read)

    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(_work(job, count)) for job in jobs]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return {place: mark for task in running for place, mark in task.result().items()}


async def _work(job: BulkJob, count: Callable[[int], None]) -> Marks:
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


async def _hear(process: Process, job: BulkJob, count: Callable[[int], None]) -> Marks:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(ConnectionError):  # a worker that is gone already is told by the missing result
        process.stdin.write(pickle.dumps(job))
        process.stdin.close()
        await process.stdin.wait_closed()
    async for line in process.stdout:
        if line.startswith(RESULT):
            outcome: Marks | RecourseError = pickle.loads(b64decode(line[len(RESULT) :]))
            if isinstance(outcome, RecourseError):
                raise outcome
            await process.wait()
            return outcome
        count(int(line))
    code = await process.wait()
    raise WorkerDied(f"a worker process ended with exit code {code}", fix="its last words are above; run it again")


def _main() -> None:
    job: BulkJob = pickle.load(sys.stdin.buffer)
    # What is made here are rows, not cycles.
    gc.freeze()
    gc.disable()

    def tell(line: bytes) -> None:
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()

    outcome: Marks | RecourseError
    try:
        outcome = uvloop.run(load(job, lambda events: tell(b"%d" % events)))
    except RecourseError as error:
        outcome = error
    except (OSError, asyncpg.PostgresError, KafkaError) as error:
        outcome = WorkerDied(f"{type(error).__name__}: {error}", fix="look whether PostgreSQL and Kafka are up")
    tell(RESULT + b64encode(pickle.dumps(outcome)))


if __name__ == "__main__":
    _main()
