"""Locks between processes that the kernel drops when their holder dies."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold `path` alone, waiting for whoever holds it now."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def alone(path: Path, patience: float = 0) -> Iterator[bool]:
    """Hold `path` alone if nobody else does within `patience` seconds; yields whether that worked."""
    deadline = time.monotonic() + patience
    with path.open("ab") as file:
        while not (held := _try(file)) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield held


def _try(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
