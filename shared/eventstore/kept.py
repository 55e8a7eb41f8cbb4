"""A bounded cache: the least used goes first, and nothing is given after its time."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
NEVER = float("inf")


class Kept(Generic[K, V]):
    """Up to `limit` values, each given for `seconds` after it was put here, or without end when that is None."""

    def __init__(self, limit: int, seconds: float | None) -> None:
        self._limit = limit
        self._seconds = NEVER if seconds is None else seconds
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def many(self, keys: Iterable[K]) -> tuple[dict[K, V], list[K]]:
        """Give the values that are here, and the keys whose values are not."""
        instant = time.monotonic()
        found: dict[K, V] = {}
        missing: list[K] = []
        for key in keys:
            entry = self._entries.get(key)
            if entry is None or entry[0] < instant:
                missing.append(key)
            else:
                self._entries.move_to_end(key)
                found[key] = entry[1]
        return found, missing

    def entry(self, key: K) -> tuple[V] | None:
        """Give the value that is here, in a tuple of its own, for it may be None itself."""
        entry = self._entries.get(key)
        if entry is None or entry[0] < time.monotonic():
            return None
        self._entries.move_to_end(key)
        return (entry[1],)

    def put(self, key: K, value: V) -> None:
        """Keep a value, and let go of the least used one when there are too many."""
        self._entries[key] = (time.monotonic() + self._seconds, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def drop(self, key: K) -> None:
        """Let go of a value, if it is here."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Let go of everything."""
        self._entries.clear()
