"""Durable timers as values: rules say which to set or cancel; the ticker alone fires them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire at `due`; setting a timer id again moves it."""

    timer_id: UUID
    stream_id: UUID
    due: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Do not fire any more; harmless when it has fired or was never set."""

    timer_id: UUID


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that has come due."""

    timer_id: UUID
    stream_id: UUID
    due: datetime
    kind: str


TimerChange = SetTimer | CancelTimer
