"""Asks intake how a dispute stands, with the service's own token: its parties, who took part, and who was heard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from services.approvals.domain.commands import Hearing
from shared.kernel.errors import NotFound, RecourseError
from shared.runtime.settings import ServiceSettings

PATIENCE_SECONDS = 3.0


class IntakeSilent(RecourseError):
    """Intake did not answer, and without it nobody can tell whether both sides were heard."""

    status = 503
    title = "Another service does not answer"


class _Party(BaseModel):
    model_config = ConfigDict(extra="ignore")

    customer_id: UUID
    side: Literal["claimant", "respondent"]
    state_by: datetime | None = None
    statements: int


class _Dispute(BaseModel):
    model_config = ConfigDict(extra="ignore")

    dispute_id: UUID
    parties: tuple[_Party, ...]
    involved: frozenset[str]


class Hearings:
    """Disputes as intake has them."""

    def __init__(self, settings: ServiceSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = settings.intake_url
        self._token_file = settings.token_file
        self._client = httpx.AsyncClient(timeout=PATIENCE_SECONDS, transport=transport)

    async def of(self, case_id: UUID) -> Hearing:
        """Give how a case's dispute stands; raises NotFound where there is none, IntakeSilent without an answer."""
        if self._url is None:
            raise IntakeSilent("intake's address is not set", fix="set APPROVALS_INTAKE_URL")
        token = self._token_file.read_text().strip() if self._token_file else ""
        try:
            answer = await self._client.get(
                f"{self._url}/cases/{case_id}/dispute", headers={"Authorization": f"Bearer {token}"}
            )
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise NotFound("this case has no dispute", field="case_id", fix="open one first")
            answer.raise_for_status()
            found = _Dispute.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise IntakeSilent(
                f"intake did not say how the dispute stands: {error!r}", fix="try again later"
            ) from error
        return _hearing(found)

    @asynccontextmanager
    async def opened(self, _service: object = None) -> AsyncIterator[None]:
        """Close the connections at the end."""
        async with self._client:
            yield


def _hearing(found: _Dispute) -> Hearing:
    sides = {party.side: party for party in found.parties}
    respondent = sides.get("respondent")
    return Hearing(
        dispute_id=found.dispute_id,
        claimant_id=sides["claimant"].customer_id,
        respondent_id=respondent.customer_id if respondent else None,
        involved=found.involved,
        heard=bool(respondent and respondent.statements),
        state_by=respondent.state_by if respondent else None,
    )
