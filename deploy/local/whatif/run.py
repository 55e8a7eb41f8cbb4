"""Spreads a what-if over processes, one or more log partitions each."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from deploy.local.whatif.found import Found

J = TypeVar("J")


def spread(jobs: Sequence[J], judge: Callable[[J], Found], progress: Callable[[int], None]) -> Found:
    """Do all jobs, a process each and as many at once as there are cores; `progress` gets how many are done."""
    found = Found()
    workers = max(1, min(len(jobs), os.cpu_count() or 1))
    # A process of its own each: a fork would take the caller's connections with it.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for done, one in enumerate(as_completed([pool.submit(judge, job) for job in jobs]), start=1):
            found.add(one.result())
            progress(done)
    return found


def shares(parts: int, processes: int | None = None) -> list[tuple[int, ...]]:
    """Share log partitions out over processes."""
    number = max(1, min(parts, processes or os.cpu_count() or 1))
    return [tuple(range(first, parts, number)) for first in range(number)]
