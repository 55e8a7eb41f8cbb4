"""One case as it was known at an instant: its events until then, through the same projections, to the same queries."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.casebook import CHARTER
from services.casebook.projections.one_case import TEMPORARY, fill, prepare
from services.casebook.queries.cases import case_id_of
from services.casebook.tables import LIVE, case_timeline
from shared.contracts.event import Recorded
from shared.contracts.intake import CaseOpened
from shared.kernel.errors import NotFound, RecourseError
from shared.runtime.peers import Peers

ENTRY = case_timeline.c
SESSIONS = 4
PREPARED = "the tables of one case are made"
CUSTOMERS_OWNER = "intake"  # whose log holds the streams of customers


class Asked(NamedTuple):
    """What is asked about: what was recorded until `known`, and of that what had been said until `effective`."""

    known: datetime | None = None
    effective: datetime | None = None

    @property
    def present(self) -> bool:
        """Whether nothing but the present is asked about."""
        return self.known is None and self.effective is None

    def holds(self, event: Recorded) -> bool:
        """Tell whether an event belongs to it; what nobody said took effect when it was recorded."""
        said = event.received_at or event.recorded_at
        in_time = self.known is None or event.recorded_at <= self.known
        return in_time and (self.effective is None or said <= self.effective)


class PastUnreachable(RecourseError):
    """A service whose log is needed does not answer."""

    status = 503
    title = "Try again"


class PastCases:
    """Lends connections on which the read models hold one case as of an instant."""

    def __init__(self, database_url: URL, peers: Peers) -> None:
        self._engine = create_async_engine(database_url, pool_size=SESSIONS, max_overflow=SESSIONS)
        self._peers = peers

    @asynccontextmanager
    async def while_running(self, _service: object) -> AsyncIterator[None]:
        """Close the connections when the service stops."""
        try:
            yield
        finally:
            await self._engine.dispose()

    @asynccontextmanager
    async def open(self, live: AsyncConnection, case: str, asked: Asked) -> AsyncIterator[AsyncConnection]:
        """Lend a connection whose read models hold the case (an id or tracking code) as it was known.

        `live` is a connection to the live read models. Raises NotFound when nothing was known of the case then, and
        PastUnreachable when a service's log cannot be read.
        """
        case_id = await case_id_of(live, case)
        try:
            events = await self._events(live, case_id, asked)
        except OSError as error:
            raise PastUnreachable(str(error), fix="see which service is down, and ask again") from error
        if not any(event.type == CaseOpened.TYPE and event.stream_id == case_id for event in events):
            raise await _not_yet(live, case, case_id, asked)
        async with self._engine.connect() as conn:
            conn = await conn.execution_options(isolation_level="AUTOCOMMIT", schema_translate_map={LIVE: TEMPORARY})
            held = await conn.get_raw_connection()
            raw = held.driver_connection
            assert raw is not None
            if PREPARED not in held.info:
                await prepare(raw)
                held.info[PREPARED] = True
            async with raw.transaction():
                await fill(raw, events)
                yield conn

    async def _events(self, live: AsyncConnection, case_id: UUID, asked: Asked) -> list[Recorded]:
        """Give what the four logs hold of a case and of its customers, in the order in which it was recorded."""
        streams = await asyncio.gather(
            *(self._peers.stream(owner, case_id, asked.known) for owner in CHARTER.listens),
        )
        events = [event for stream in streams for event in stream]
        about = await asyncio.gather(
            *(self._peers.stream(CUSTOMERS_OWNER, customer, asked.known) for customer in _customers(events))
        )
        events += [event for stream in about for event in stream]
        events += await self._elsewhere(live, case_id, asked, events)
        return sorted((event for event in events if asked.holds(event)), key=_in_time)

    async def _elsewhere(
        self, live: AsyncConnection, case_id: UUID, asked: Asked, found: Sequence[Recorded]
    ) -> list[Recorded]:
        """Give what the timeline has of the case but no stream of it has, such as a mail that came back."""
        places = {(event.log, event.log_part, event.position) for event in found}
        entries = select(ENTRY.log, ENTRY.log_part, ENTRY.position).where(ENTRY.case_id == case_id)
        if asked.known is not None:
            entries = entries.where(ENTRY.recorded_at <= asked.known)
        more = [place for entry in await live.execute(entries) if (place := tuple(entry)) not in places]
        read = await asyncio.gather(*(self._peers.missing(log, part, at, at) for log, part, at in more))
        return [event for page in read for event in page]


def _customers(events: Iterable[Recorded]) -> set[UUID]:
    facts = (event.fact for event in events)
    return {customer for fact in facts if isinstance(customer := getattr(fact, "customer_id", None), UUID)}


def _in_time(event: Recorded) -> tuple[datetime, str, int, int]:
    return event.recorded_at, event.log, event.log_part, event.position


async def _not_yet(live: AsyncConnection, case: str, case_id: UUID, asked: Asked) -> NotFound:
    opening = select(func.min(ENTRY.recorded_at)).where(ENTRY.case_id == case_id, ENTRY.type == CaseOpened.TYPE)
    opened = await live.scalar(opening)
    if opened is None:
        return NotFound(f"there is no case {case}", field="case", fix="give a case id or a tracking code")
    at = " and ".join(instant.isoformat() for instant in asked if instant is not None)
    return NotFound(
        f"nothing was known of case {case} as of {at}",
        field="as_of" if asked.known else "as_effective_at",
        fix=f"its opening was recorded at {opened.isoformat()}; send that instant or a later one",
    )
