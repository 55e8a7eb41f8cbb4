"""Bringing a rebuilt shadow level with the live read models, while these move on or stand still for a moment."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import asyncpg

from services.casebook import CHARTER
from services.casebook.projections import building
from services.casebook.projections.apply import fold
from services.casebook.projections.building import Event
from services.casebook.projections.reading import Mark, TopicReader
from services.casebook.projections.schemas import pause
from services.casebook.projections.search import Search
from services.casebook.tables import SHADOW
from shared.eventstore.readmodel import ReadModel
from shared.eventstore.readmodel_sql import upsert
from shared.kernel.errors import RecourseError
from shared.messaging.cursor import READ, Place

# So few events that live projection may wait for them.
FEW = 500
LOOK_SECONDS = 0.1
PAUSED_STALL_SECONDS = 5.0
NOT_APPLIED = """
    SELECT source, log_part, position FROM dead_letter WHERE consumer = $1 AND state IN ('parked', 'discarded')"""


class LiveBehind(RecourseError):
    """The live read models have not seen what the topics hold, so there is nothing to compare with."""

    status = 503
    title = "The live read models are behind"


class ParkedMeanwhile(RecourseError):
    """What live leaves out is not what the rebuild left out."""

    status = 409
    title = "Dead letters changed during the rebuild"


class Live(NamedTuple):
    """Where live projection stands in each place, and which events it has not applied though it has passed them."""

    positions: dict[Place, int]
    parked: frozenset[Event]

    def marks(self) -> dict[Place, Mark]:
        """Give the same as marks; no record of a later event comes before the offset in any topic of the log."""
        return {place: Mark(position, position) for place, position in self.positions.items()}


async def look(conn: asyncpg.Connection) -> Live:
    """Read where live projection stands."""
    cursors = await conn.fetch(READ, CHARTER.owner)
    letters = await conn.fetch(NOT_APPLIED, CHARTER.owner)
    return Live(
        {(row["source"], row["log_part"]): row["position"] for row in cursors},
        frozenset((row["source"], row["log_part"], row["position"]) for row in letters),
    )


@dataclass
class Shadow:
    """How far the shadow was built, what it left out, and the two that build it on."""

    conn: asyncpg.Connection
    reader: TopicReader
    marks: dict[Place, Mark]
    left_out: set[Event] = field(default_factory=set)
    schema: str = SHADOW
    models: Collection[ReadModel] | None = None
    search: Search | None = None

    def ahead_of(self, live: Live) -> int:
        """Give how many events the shadow holds that live has not come to."""
        return sum(max(0, mark.position - live.positions.get(place, 0)) for place, mark in self.marks.items())

    def behind(self, live: Live) -> int:
        """Give how many events live has come to that the shadow lacks."""
        return sum(max(0, live.positions.get(place, 0) - mark.position) for place, mark in self.marks.items())

    async def catch_up(self, live: Live, stall_seconds: float = 30.0) -> None:
        """Apply what live has come to, up to its very position."""
        until = {place: position for place, position in live.positions.items() if place in self.marks}
        async for events in self.reader.read(self.marks, until, by="position", stall_seconds=stall_seconds):
            left_out = {event for e in events if (event := (e.log, e.log_part, e.position)) in live.parked}
            applied = [e for e in events if (e.log, e.log_part, e.position) not in left_out]
            batch = fold(applied, models=self.models)
            if self.search is not None:
                batch.take(await self.search.changes(applied, self.models))
            async with self.conn.transaction():
                await upsert(self.conn, self.schema, batch)
                moved = {(e.log, e.log_part): self.marks[e.log, e.log_part] for e in events}
                await building.keep(self.conn, self.schema, moved, left_out)
            self.left_out |= left_out

    def check_left_out(self, live: Live) -> None:
        """Raise ParkedMeanwhile unless shadow and live left the same events out."""
        passed = {event for event in live.parked if event[2] <= self.marks[event[:2]].position}
        if odd := passed ^ self.left_out:
            source, part, position = min(odd)
            raise ParkedMeanwhile(
                f"event {source} {part}/{position} was parked, or came out of the park, meanwhile",
                fix="run the rebuild again",
            )


@asynccontextmanager
async def level(
    pauser: asyncpg.Connection, shadow: Shadow, *, patience_seconds: float, may_lead: bool
) -> AsyncIterator[Live]:
    """Bring the shadow to live's very positions and hold live there inside a transaction of `pauser`.

    With `may_lead`, the shadow may be further than live. Raises LiveBehind when live does not come up in time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_seconds
    while True:
        live = await look(pauser)
        while shadow.behind(live) > FEW:
            await shadow.catch_up(live)
            live = await look(pauser)
        if not shadow.ahead_of(live) or may_lead:
            async with pauser.transaction():
                await pause(pauser)
                live = await look(pauser)
                await shadow.catch_up(live, PAUSED_STALL_SECONDS)
                if not shadow.ahead_of(live) or may_lead:
                    shadow.check_left_out(live)
                    yield live
                    return
        if loop.time() > until:
            raise LiveBehind(
                f"live lacks {shadow.ahead_of(live)} events that the topics hold, and did not come up in"
                f" {patience_seconds:.0f} s",
                fix="look whether the casebook runs, or rebuild without comparison",
            )
        await asyncio.sleep(LOOK_SECONDS)


def positions_ahead(marks: Mapping[Place, Mark], live: Live) -> dict[Place, int]:
    """Give the places in which the shadow is not where live is, with the shadow's position."""
    return {place: mark.position for place, mark in marks.items() if mark.position != live.positions.get(place)}
