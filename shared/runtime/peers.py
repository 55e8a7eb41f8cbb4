"""Reading another service's log over HTTP: how a gap in a topic is repaired from the source."""

from pathlib import Path

import httpx

from shared.contracts.event import Recorded
from shared.messaging.codec import decode, encode
from shared.runtime.settings import ServiceSettings

PAGE = 500


class Peers:
    """The other services' logs, read with this service's own token."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=30)

    async def missing(self, source: str, part: int, first: int, last: int) -> list[Recorded]:
        """Give the events `first` to `last` of a source's log partition; raises OSError when they can't be had."""
        url = self._settings.peer_url(source)
        if url is None:
            raise OSError(f"a gap in {source} cannot be repaired: no address of {source} is configured")
        events: list[Recorded] = []
        while first <= last:
            try:
                answer = await self._client.get(
                    f"{url}/log/{part}",
                    params={"after": first - 1, "limit": min(PAGE, last - first + 1)},
                    headers={"Authorization": f"Bearer {_token(self._settings.token_file)}"},
                )
                answer.raise_for_status()
            except httpx.HTTPError as error:
                raise OSError(f"the log of {source} cannot be read: {error}") from error
            page = [unpack(item) for item in answer.json()]
            if not page:
                raise OSError(f"the log of {source} has no event {first} in partition {part}, yet later ones came")
            events += page
            first = page[-1].position + 1
        return events

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
