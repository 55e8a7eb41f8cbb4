"""The ids of the events of one log partition over all services, kept compactly, and which causes are not among them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt

from deploy.local.audit.header import Row, microseconds

ID_BYTES = 16
Bits = npt.NDArray[np.uint64]
Times = npt.NDArray[np.int64]


class Effect(NamedTuple):
    """An event that names a cause: where it is, the cause's id, and when the event was recorded (microseconds)."""

    log: str
    position: int
    cause: UUID
    recorded_at: int


class Ids:
    """Ids and times of many events in 24 bytes each, and the causes that they name in 32."""

    def __init__(self) -> None:
        self._ids: list[bytes] = []
        self._times: list[Times] = []
        self._causes: list[bytes] = []
        self._effects: list[Times] = []
        self._places: list[tuple[str, int]] = []  # of each page of effects: the log, how many

    def page(self, log: str, rows: Sequence[Row]) -> None:
        """Take up a page of rows in the order of COLUMNS."""
        times = [microseconds(row[13]) for row in rows]
        self._ids.append(b"".join([row[1].bytes for row in rows]))
        self._times.append(np.array(times, dtype=np.int64))
        caused = [(row[11].bytes, row[0], at) for row, at in zip(rows, times, strict=True) if row[11] is not None]
        if caused:
            self._causes.append(b"".join([one[0] for one in caused]))
            self._effects.append(np.array([one[1:] for one in caused], dtype=np.int64))
            self._places.append((log, len(caused)))

    def twice(self) -> Iterator[UUID]:
        """Give the ids that more than one event has."""
        high, low = _halves(self._ids)
        order = np.lexsort((low, high))
        high, low = high[order], low[order]
        for at in np.flatnonzero((high[1:] == high[:-1]) & (low[1:] == low[:-1])):
            yield _uuid(high[at], low[at])

    def unresolved(self) -> tuple[list[Effect], list[Effect]]:
        """Give the events whose cause is not among these, and those recorded no later than their cause."""
        if not self._causes:
            return [], []
        high, low = _halves(self._ids)
        times = np.concatenate(self._times)
        order = np.argsort(low, kind="stable")
        high, low, times = high[order], low[order], times[order]
        wanted_high, wanted_low = _halves(self._causes)
        effects = np.concatenate(self._effects)
        at = np.minimum(np.searchsorted(low, wanted_low), len(low) - 1)
        found = (low[at] == wanted_low) & (high[at] == wanted_high)
        early = found & (times[at] >= effects[:, 1])
        logs = [log for log, count in self._places for _ in range(count)]

        def named(places: npt.NDArray[np.intp]) -> list[Effect]:
            return [
                Effect(logs[i], int(effects[i, 0]), _uuid(wanted_high[i], wanted_low[i]), int(effects[i, 1]))
                for i in places
            ]

        return named(np.flatnonzero(~found)), named(np.flatnonzero(early))


def _halves(pages: Sequence[bytes]) -> tuple[Bits, Bits]:
    pairs = np.frombuffer(b"".join(pages), dtype=">u8").astype(np.uint64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _uuid(high: np.uint64, low: np.uint64) -> UUID:
    return UUID(int=int(high) << 64 | int(low))
