"""Casebook over HTTP: clocks by due time."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.casebook.api.cases import REFUSED, Reader
from services.casebook.api.connections import Connection
from services.casebook.queries import promise_examples
from services.casebook.queries.clocks import ClockQuery, ClockRow, list_clocks
from services.casebook.queries.examples import page, shown
from services.casebook.queries.paging import Page

router = APIRouter(responses=REFUSED)


@router.get("/clocks", summary="List clocks", responses=shown(page(promise_examples.clock)))
async def read_clocks(_who: Reader, conn: Connection, asked: Annotated[ClockQuery, Query()]) -> Page[ClockRow]:
    """Give clocks over all cases; of those that run, the one due first first."""
    return await list_clocks(conn, asked)
