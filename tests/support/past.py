"""Peers whose logs are a list of events, and what cases look like through the queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.queries.cases import one_case
from services.casebook.queries.timeline import timeline_of
from shared.contracts.event import Recorded
from shared.runtime.peers import Peers


class ToldPeers(Peers):
    """The four services' logs, from memory."""

    def __init__(self, events: Sequence[Recorded]) -> None:
        self.events = events
        self.repaired: list[Recorded] = []

    async def stream(self, source: str, stream_id: UUID, until: datetime | None = None) -> list[Recorded]:
        return [
            event
            for event in self.events
            if (event.log, event.stream_id) == (source, stream_id) and (until is None or event.recorded_at <= until)
        ]

    async def missing(self, source: str, part: int, first: int, last: int) -> list[Recorded]:
        found = [
            event
            for event in self.events
            if (event.log, event.log_part) == (source, part) and first <= event.position <= last
        ]
        self.repaired += found
        return found

    async def positions(self, source: str, at: datetime) -> dict[int, int]:
        stood = dict.fromkeys(range(8), 0)
        for event in self.events:
            if event.log == source and event.recorded_at <= at:
                stood[event.log_part] = max(stood[event.log_part], event.position)
        return stood


async def seen(conn: AsyncConnection, case_id: UUID) -> dict[str, Any]:
    """Give a case and its whole timeline as the API writes them."""
    timeline = await timeline_of(conn, case_id, None, 10_000)
    case = await one_case(conn, str(case_id))
    return {"case": case.model_dump_json(), "timeline": timeline.model_dump_json()}
