"""Asks triage to check a reply before it is kept as a draft; a reply is never lost because triage does not answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import httpx
from pydantic import ValidationError

from shared.contracts.intake_drafts import DraftFinding
from shared.runtime.settings import ServiceSettings
from shared.runtime.telemetry import log
from shared.runtime.telling import tell

PATIENCE_SECONDS = 2.0


class Asked(NamedTuple):
    """A reply to check: in which case, for which channel, of which kind, and under which packs' must-haves too."""

    case_id: UUID
    channel: str
    text: str
    kind: str | None = None
    policies: tuple[str, ...] = ()


class Checked(NamedTuple):
    """What the reply check found; `answered` is False when it could not be asked."""

    answered: bool
    findings: tuple[DraftFinding, ...] = ()


class ReplyChecker:
    """The reply check of triage, asked with intake's own token."""

    def __init__(self, settings: ServiceSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = settings.triage_url
        self._token_file = settings.token_file
        self._client = httpx.AsyncClient(timeout=PATIENCE_SECONDS, transport=transport)

    async def check(self, asked: Asked) -> Checked:
        """Check a reply in a case; unchecked when triage is away, slow, or answers in an unknown form."""
        if self._url is None:
            return Checked(False)
        token = self._token_file.read_text().strip() if self._token_file else ""
        try:
            answer = await self._client.post(
                f"{self._url}/replies/check",
                json={
                    "text": asked.text,
                    "channel": asked.channel,
                    "case_id": str(asked.case_id),
                    "policies": asked.policies,
                    **({"purpose": asked.kind} if asked.kind else {}),
                },
                headers={"Authorization": f"Bearer {token}"},
            )
            answer.raise_for_status()
            found = tuple(DraftFinding.model_validate(one) for one in answer.json()["findings"])
        except (httpx.HTTPError, ValidationError, ValueError, KeyError, TypeError) as error:
            log.warning("reply not checked", case_id=str(asked.case_id), error=tell(error))
            return Checked(False)
        return Checked(True, found)

    @asynccontextmanager
    async def opened(self, _service: object = None) -> AsyncIterator[None]:
        """Close the connections at the end."""
        async with self._client:
            yield
