"""Reads messages before they are reacted to, and asks others about them: the facts provider, a language model."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from pydantic_core import to_json

from services.triage.domain.policies.asking import records_named
from services.triage.domain.policies.assessment import Said
from services.triage.domain.policies.lookups import Lookup
from services.triage.domain.reactions import Judge, Prepared, said_of
from shared.contracts.event import Recorded
from shared.contracts.intake import MessageReceived
from shared.contracts.triage import Reading
from shared.contracts.triage_requests import LookedUpRecord

KEPT = 5_000
Ask = Callable[[Said, Reading], Awaitable[Reading | None]]
"""Asks an external model for its reading of a message; None when it gives none in time."""


class Preparing:
    """Prepares a batch's messages; `lookup` finds records of the kinds in `records` by the ids that a message names.

    `ask` is asked about readings less sure than `sure_from`. What was prepared is kept until it is taken.
    """

    def __init__(
        self,
        judge: Judge,
        *,
        records: Sequence[str] = (),
        lookup: Lookup | None = None,
        ask: Ask | None = None,
        sure_from: float = 0.0,
    ) -> None:
        self._judge = judge
        self._records = tuple(records)
        self._lookup = lookup
        self._ask = ask
        self._sure_from = sure_from
        self._prepared: OrderedDict[UUID, Prepared] = OrderedDict()

    @property
    def asks_others(self) -> bool:
        """Tell whether there is anybody to ask; without, messages are read when they are reacted to."""
        return (self._lookup is not None and bool(self._records)) or self._ask is not None

    async def prepare(self, events: Sequence[Recorded]) -> None:
        """Prepare the customers' messages among the events, side by side."""
        messages = [event for event in events if event.type == MessageReceived.TYPE]
        for event, prepared in zip(messages, await asyncio.gather(*map(self._one, messages)), strict=True):
            if prepared is not None:
                self._prepared[event.event_id] = prepared
        while len(self._prepared) > KEPT:
            self._prepared.popitem(last=False)

    def take(self, event_id: UUID) -> Prepared | None:
        """Give what was prepared for an event, once."""
        return self._prepared.pop(event_id, None)

    async def _one(self, event: Recorded) -> Prepared | None:
        fact = event.fact
        if not isinstance(fact, MessageReceived):
            return None
        said = said_of(fact)
        reading = self._judge(said)
        if self._ask is not None and reading.confidence < self._sure_from:
            reading = await self._ask(said, reading) or reading
        return Prepared(reading, await self._look_up(reading))

    async def _look_up(self, reading: Reading) -> tuple[LookedUpRecord, ...]:
        if self._lookup is None:
            return ()
        named = [(kind, record_id) for kind, record_id in records_named(reading) if kind in self._records]
        found = await asyncio.gather(*(self._lookup(kind, record_id) for kind, record_id in named))
        return tuple(
            LookedUpRecord(
                kind=one.kind,
                id=one.id,
                found=one.found,
                value=to_json(one.value).decode() if one.found else "null",
                source=one.source,
                as_of=one.as_of,
                age_seconds=one.age_seconds,
            )
            for one in found
        )
