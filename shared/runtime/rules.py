"""A service's pure rules, gathered for the shell: decider, reactions, timers, index."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NoReturn, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Executable

from shared.contracts.event import Fact, Recorded
from shared.kernel.decider import Decider
from shared.kernel.timers import Timer, TimerChange
from shared.messaging.charter import Charter


class Command(Protocol):
    """What every command carries: the stream it is about, and the time."""

    @property
    def stream_id(self) -> UUID: ...

    @property
    def now(self) -> datetime: ...


C = TypeVar("C", bound=Command)
S = TypeVar("S")


def no_index(_event: Recorded, _fact: Fact) -> Sequence[Executable]:
    """For services without index tables."""
    return ()


def no_timers(_event: Recorded, _fact: Fact) -> Sequence[TimerChange]:
    """For services without deadlines."""
    return ()


def no_due(timer: Timer, _now: datetime) -> NoReturn:
    """For services without deadlines; a timer that fires all the same is a bug."""
    raise AssertionError(f"timer {timer.kind} fired in a service that sets none")


@dataclass(frozen=True, slots=True)
class Rules(Generic[C, S]):
    """Everything that the shell needs to know of a service; all of it pure but for `index`, which writes SQL.

    react:  a fact, of another service or our own, to the commands that follow from it
    timers: a fact of ours to the timers it sets or cancels;  due: a fired timer to its command
    index:  a fact of ours to statements on our own tables, in the append's transaction
    prepare: asks others, outside the transaction, what `react` will need for these events; what it found out must end
        up in the facts, for a replay asks nobody
    """

    charter: Charter
    decider: Decider[C, S, Fact]
    react: Callable[[Recorded, Fact, datetime], Sequence[C]]
    timers: Callable[[Recorded, Fact], Sequence[TimerChange]] = no_timers
    due: Callable[[Timer, datetime], C] = no_due
    index: Callable[[Recorded, Fact], Sequence[Executable]] = no_index
    prepare: Callable[[Sequence[Recorded]], Awaitable[None]] | None = None
