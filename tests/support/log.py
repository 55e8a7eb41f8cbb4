"""A real log in a real database for tests: migrated as a service does it, used as a service uses it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import services.approvals as approvals
from deploy.local.databases import ServiceDatabase
from shared.contracts.approvals import ExceptionWithdrawn
from shared.eventstore.database import Database
from shared.eventstore.draft import Draft, Provenance
from shared.eventstore.migrate import migrate
from shared.eventstore.store import Store
from shared.eventstore.vault import Vault
from shared.runtime.clock import new_id

LOG = "approvals"
PARTS = 8
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@asynccontextmanager
async def open_log(
    make: Callable[[str], ServiceDatabase], *, pool_size: int = 10, vault: Vault | None = None
) -> AsyncIterator[tuple[Database, Store]]:
    """Give a fresh, migrated log under the application's own role."""
    made = make(LOG)
    migrate(made.migration_database_url, approvals)
    database = Database(made.database_url, pool_size=pool_size)
    try:
        yield database, Store(LOG, PARTS, vault)
    finally:
        await database.close()


def withdrawn(case_id: UUID, reason: str = "no longer needed") -> ExceptionWithdrawn:
    """Make some fact; which one does not matter to the log."""
    return ExceptionWithdrawn(
        case_id=case_id, exception_id=new_id(), request_id=new_id(), withdrawn_by="ana", reason=reason
    )


def drafts(case_id: UUID, after: int, reasons: Sequence[str]) -> list[Draft]:
    """Make drafts of consecutive versions of one case's stream."""
    by = Provenance(actor="ana", via="test", correlation_id=new_id(), traceparent=TRACEPARENT)
    return [Draft(new_id(), withdrawn(case_id, reason), after + nth, by) for nth, reason in enumerate(reasons, start=1)]
