"""Reading another service's log over HTTP: how a gap in a topic is repaired, and how the past is looked up."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from shared.contracts.event import Recorded
from shared.messaging.codec import decode, encode
from shared.runtime.settings import ServiceSettings

PAGE = 500
STREAM_PAGE = 1000


class Peers:
    """The other services' logs, read with this service's own token."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=30)

    async def missing(self, source: str, part: int, first: int, last: int) -> list[Recorded]:
        """Give the events `first` to `last` of a source's log partition; raises OSError when they can't be had."""
        events: list[Recorded] = []
        while first <= last:
            size = min(PAGE, last - first + 1)
            page = [unpack(item) for item in await self._get(source, f"/log/{part}", after=first - 1, limit=size)]
            if not page:
                raise OSError(f"the log of {source} has no event {first} in partition {part}, yet later ones came")
            events += page
            first = page[-1].position + 1
        return events

    async def stream(self, source: str, stream_id: UUID, until: datetime | None = None) -> list[Recorded]:
        """Give a stream's events that a source recorded until an instant (None: now); raises OSError without them."""
        events: list[Recorded] = []
        asked = {} if until is None else {"until": until.isoformat()}
        while True:
            after = events[-1].version if events else 0
            answer = await self._get(source, f"/streams/{stream_id}/events", after=after, limit=STREAM_PAGE, **asked)
            events += [unpack(item) for item in answer]
            if len(answer) < STREAM_PAGE:
                return events

    async def positions(self, source: str, at: datetime) -> dict[int, int]:
        """Give where a source's log partitions stood at an instant; raises OSError when it does not answer."""
        answer = await self._get(source, "/log-positions", as_of=at.isoformat())
        return {int(part): position for part, position in answer.items()}

    async def _get(self, source: str, path: str, **asked: str | int) -> Any:
        url = self._settings.peer_url(source)
        if url is None:
            raise OSError(f"the log of {source} cannot be read: no address of {source} is configured")
        headers = {"Authorization": f"Bearer {_token(self._settings.token_file)}"}
        try:
            answer = await self._client.get(f"{url}{path}", params=asked, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(f"the log of {source} cannot be read: {error}") from error
        return answer.json()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def pack(event: Recorded) -> dict[str, object]:
    """Give an event as JSON: its CloudEvents headers and its body's exact text."""
    return {"headers": {name: text.decode() for name, text in encode(event).headers}, "body": event.body.decode()}


def unpack(item: dict[str, dict[str, str] | str]) -> Recorded:
    """Read what `pack` gave."""
    headers, body = item["headers"], item["body"]
    if not isinstance(headers, dict) or not isinstance(body, str):
        raise OSError("a peer's log answered in an unknown form")
    return decode(headers, body.encode())


def _token(path: Path | None) -> str:
    return path.read_text().strip() if path else ""
