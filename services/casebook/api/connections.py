"""What a question is put to: the live read models, or the same ones as they were known at an instant of the past."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casebook.projections.search import Search
from services.casebook.queries.past_case import Asked, PastCases
from services.casebook.queries.past_models import PastInPreparation, PastModels
from shared.runtime.as_of import AsOf, instant

CaseName = Annotated[str, Path(description="A case's id or tracking code.", examples=["RC-7F3K-9QXD"], max_length=64)]


async def asked_about(
    as_of: AsOf,
    as_effective_at: Annotated[
        str | None,
        Query(
            description="Answer with what had been said by this instant, even if it was recorded later.",
            examples=["2026-11-24T09:30:00Z"],
            max_length=64,
        ),
    ] = None,
) -> Asked:
    """FastAPI dependency: the instants that are asked about; raises MalformedInput."""
    return Asked(as_of, None if as_effective_at is None else instant(as_effective_at, "as_effective_at"))


async def live_connection(request: Request) -> AsyncIterator[AsyncConnection]:
    """FastAPI dependency: a connection to the live read models, for reading."""
    async with request.app.state.service.database.engine.connect() as conn:
        yield await conn.execution_options(isolation_level="AUTOCOMMIT")


async def search_of(request: Request) -> Search | None:
    """FastAPI dependency: what blinds words and addresses that are asked for; None without a vault."""
    found: Search | None = request.app.state.search
    return found


Searching = Annotated[Search | None, Depends(search_of)]
Live = Annotated[AsyncConnection, Depends(live_connection)]


async def connection_of(request: Request, live: Live, as_of: AsOf) -> AsyncIterator[AsyncConnection]:
    """FastAPI dependency: a connection to the read models as they stand, or as they were known at an instant."""
    if as_of is None:
        yield live
        return
    past: PastModels = request.app.state.past_models
    async with past.open(as_of) as conn:
        yield conn


Connection = Annotated[AsyncConnection, Depends(connection_of)]


async def case_connection(
    request: Request, live: Live, case: CaseName, asked: Annotated[Asked, Depends(asked_about)]
) -> AsyncIterator[AsyncConnection]:
    """FastAPI dependency: a connection to read models that hold the case as it is asked about."""
    if asked.present:
        yield live
        return
    past: PastCases = request.app.state.past_cases
    async with past.open(live, case, asked) as conn:
        yield conn


CaseConnection = Annotated[AsyncConnection, Depends(case_connection)]


def answer_preparation(app: FastAPI) -> None:
    """Make an app answer 202, with how far it is and when to ask again, while the past is prepared."""

    @app.exception_handler(PastInPreparation)
    async def in_preparation(_request: Request, told: PastInPreparation) -> JSONResponse:
        return JSONResponse(told.stage._asdict(), HTTPStatus.ACCEPTED, headers={"Retry-After": "1"})
