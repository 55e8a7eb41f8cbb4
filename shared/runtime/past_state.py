"""A stream's state as it was known at an instant: its events until then, folded by the rules of today."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from shared.runtime.shell import Shell

S = TypeVar("S")


async def state_as_of(shell: Shell[Any, S], stream_id: UUID, at: datetime | None) -> S:
    """Give a stream's state as it was known at an instant, None for now; the initial state before its first fact."""
    if at is None:
        return await shell.state(stream_id)
    async with shell.database.connection() as tx:
        events = (await shell.store.load(tx.raw, {stream_id: 0}))[stream_id]
    known = (event.fact for event in events if event.recorded_at <= at)
    return shell.rules.decider.fold(fact for fact in known if fact is not None)
