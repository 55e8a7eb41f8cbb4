"""The access records over HTTP: who read a case, what somebody read, and when; for auditors and data protection."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from shared.kernel.errors import MalformedInput
from shared.runtime.auth import Caller, caller

LIST = """
    SELECT access_id, read_at, reader, roles, route, case_ids, customer_ids, as_of, via, purpose FROM access_record
    WHERE ($1::uuid IS NULL OR case_ids @> ARRAY[$1::uuid]) AND ($2::uuid IS NULL OR customer_ids @> ARRAY[$2::uuid])
    AND ($3::text IS NULL OR reader = $3) AND ($4::timestamptz IS NULL OR read_at >= $4)
    AND ($5::timestamptz IS NULL OR read_at < $5)
    AND ($6::timestamptz IS NULL OR (read_at, access_id) > ($6, $7::uuid))
    ORDER BY read_at, access_id LIMIT $8"""


class AccessView(BaseModel):
    """One read of cases or customers by somebody."""

    access_id: UUID
    read_at: datetime
    reader: str = Field(examples=["ana"])
    roles: list[str] = Field(examples=[["agent"]])
    route: str = Field(description="What was asked, as a route's template.", examples=["/cases/{case}/timeline"])
    case_ids: list[UUID] = Field(description="The cases that the answer showed.")
    customer_ids: list[UUID] = Field(description="The customers that the answer showed.")
    as_of: datetime | None = Field(default=None, description="The past instant that was asked about.")
    via: str = Field(description="The program that asked, as it names itself.", examples=["recourse-cli"])
    purpose: str | None = Field(default=None, description="What for, as the reader said.", examples=["complaint"])


class AccessPage(BaseModel):
    """Access records, oldest first, and the cursor of the next page."""

    items: list[AccessView]
    next: str | None = None


def access_records_router() -> APIRouter:
    """Make the route of one service."""
    router = APIRouter(tags=["operations"])

    @router.get("/access-records", summary="Who read what")
    async def list_accesses(
        request: Request,
        _who: Annotated[Caller, Depends(caller("auditor", "privacy"))],
        case: UUID | None = None,
        customer: UUID | None = None,
        reader: Annotated[str | None, Query(max_length=200)] = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        after: Annotated[str | None, Query(max_length=100, description="`next` of the answer before.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> AccessPage:
        """Give the reads of cases and customers over this service, oldest first."""
        at, access_id = (None, None) if after is None else _cursor(after)
        async with request.app.state.service.database.connection() as tx:
            rows = await tx.raw.fetch(LIST, case, customer, reader, since, until, at, access_id, limit)
        items = [AccessView.model_validate(dict(row)) for row in rows]
        more = len(items) == limit
        return AccessPage(items=items, next=f"{items[-1].read_at.isoformat()}_{items[-1].access_id}" if more else None)

    return router


def _cursor(text: str) -> tuple[datetime, UUID]:
    at, _, access_id = text.rpartition("_")
    try:
        return datetime.fromisoformat(at), UUID(access_id)
    except ValueError as error:
        raise MalformedInput("is no cursor", field="after", fix="send next of the answer before as it came") from error
