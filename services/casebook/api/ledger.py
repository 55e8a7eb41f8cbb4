"""Casebook over HTTP: what was promised and what became of it, and what waits to be a promise."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.casebook.api.cases import REFUSED, Reader
from services.casebook.api.connections import Connection
from services.casebook.api.insights import learning_of
from services.casebook.queries import ledger, promise_examples
from services.casebook.queries.examples import shown
from services.casebook.queries.learning import Learning
from services.casebook.queries.ledger import FoundList, LedgerQuery, LedgerView

router = APIRouter(responses=REFUSED)


@router.get("/promises/ledger", summary="Read the promise ledger", responses=shown(promise_examples.ledger))
async def read_ledger(
    _who: Reader,
    conn: Connection,
    learning: Annotated[Learning, Depends(learning_of)],
    asked: Annotated[LedgerQuery, Query()],
) -> LedgerView:
    """Give what was promised and what became of it (made, kept, late, broken, renegotiated, released), and by whom."""
    return await ledger.ledger(conn, asked, learning.teams)


@router.get("/promises/found", summary="List what sounds like a promise", responses=shown(promise_examples.found))
async def list_found(_who: Reader, conn: Connection) -> FoundList:
    """Give what agents said that waits to be confirmed as a promise or dismissed, the one due first first."""
    return FoundList(items=await ledger.found_promises(conn))
