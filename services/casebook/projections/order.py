"""What a rebuild is told, what it tells on its way and in the end, and the one lock that it holds."""

import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import asyncpg
from sqlalchemy import make_url

from services.casebook.projections.apply import LOCK_CLASS
from services.casebook.projections.compare import Comparison
from services.casebook.projections.vault_access import VaultAccess
from services.casebook.tables import MODELS
from shared.eventstore.readmodel import ReadModel
from shared.kernel.errors import MalformedInput, RecourseError
from shared.messaging.topics import TOPICS

REBUILD_LOCK = -2
Phase = Literal["reading", "indexing", "comparing", "switching"]


class RebuildRunning(RecourseError):
    """Two rebuilds would build the same shadow."""

    status = 409
    title = "A rebuild is running"


class Progress(NamedTuple):
    """What a rebuild is at: `done` of `total` events (reading), statements (indexing) or steps."""

    phase: Phase
    done: int
    total: int


@dataclass(frozen=True)
class RebuildOrder:
    """What to rebuild with: `database_url` as SQLAlchemy reads it, of the role that owns the tables.

    `models` names the read models, None is all. `switch` puts the shadow in live's place never, if the comparison
    finds no difference, or always. `afresh` starts from the first event where a broken-off rebuild would be gone on
    with. `vault` is where the keys are that open what cases are found by.
    """

    database_url: str = field(repr=False)
    app_role: str
    kafka_bootstrap: str
    topics: Mapping[str, str] = field(default_factory=lambda: TOPICS)
    log_parts: int = 8
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)
    compare: bool = True
    switch: Literal["never", "if_equal", "always"] = "never"
    patience_seconds: float = 60
    models: tuple[str, ...] | None = None
    afresh: bool = False
    vault: VaultAccess | None = None

    def chosen(self) -> tuple[ReadModel, ...]:
        """Give the read models that are ordered; raises MalformedInput naming one that does not exist."""
        if self.models is None:
            return MODELS
        names = [model.name for model in MODELS]
        for name in self.models:
            if name not in names:
                raise MalformedInput(
                    f"there is no read model {name!r}", field="models", fix=f"take of: {', '.join(names)}"
                )
        return tuple(model for model in MODELS if model.name in self.models)


@dataclass
class Rebuilt:
    """What came of it: events read in bulk, records passed over, seconds by phase, comparison, whether it switched.

    `resumed` of the events were read by a rebuild that broke off.
    """

    events: int = 0
    resumed: int = 0
    passed_over: int = 0
    seconds: dict[Phase, float] = field(default_factory=dict)
    comparison: Comparison | None = None
    switched: bool = False

    @contextmanager
    def timed(self, phase: Phase) -> Iterator[None]:
        """Note how many seconds a phase takes."""
        begun = time.perf_counter()
        yield
        self.seconds[phase] = time.perf_counter() - begun


@asynccontextmanager
async def alone(order: RebuildOrder) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection that keeps other rebuilds away; raises RebuildRunning while one is at work."""
    async with connect(order) as held:
        if not await held.fetchval("SELECT pg_try_advisory_lock($1, $2)", LOCK_CLASS, REBUILD_LOCK):
            raise RebuildRunning("another rebuild of these read models is at work", fix="wait until it is done")
        yield held


@asynccontextmanager
async def connect(order: RebuildOrder) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection as the role that owns the tables."""
    conn = await asyncpg.connect(dsn_of(order))
    try:
        yield conn
    finally:
        await conn.close()


def dsn_of(order: RebuildOrder) -> str:
    """Give the database's address as libpq reads it; it holds a password."""
    return make_url(order.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
