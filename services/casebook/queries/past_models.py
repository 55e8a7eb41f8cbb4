"""All read models as they were known at an instant: built once from the first event on, kept a while, asked as live."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.casebook import CHARTER
from services.casebook.projections.order import RebuildOrder
from services.casebook.projections.past import Cut, Stage, build, name_of, reading, tidy
from services.casebook.queries.past_case import PastUnreachable
from services.casebook.tables import LIVE
from shared.kernel.errors import NotFound, RecourseError
from shared.messaging.cursor import Place
from shared.runtime.peers import Peers

KEPT = 3
CURSORS = text("SELECT source, log_part, position FROM log_cursor WHERE consumer = :consumer")


class PastInPreparation(Exception):
    """The read models of that instant are being built; ask again in a moment."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(f"{stage.phase} {stage.done} of {stage.total}")
        self.stage = stage


class PastNotPrepared(RecourseError):
    """This casebook may not make tables."""

    status = 503
    title = "Not set up"


class PastModels:
    """Lends connections to the read models as of an instant, the `kept` last used of which are kept.

    `order` says how they are built; without one only what still stands live can be asked for.
    """

    def __init__(self, engine: AsyncEngine, peers: Peers, order: RebuildOrder | None, *, kept: int = KEPT) -> None:
        self._engine = engine
        self._peers = peers
        self._order = order
        self._kept = kept
        self._used: dict[str, None] = {}  # names, the last used last
        self._building: asyncio.Task[None] | None = None
        self._stage = Stage("waiting", 0, 0)
        self._failed: dict[str, BaseException] = {}

    @asynccontextmanager
    async def while_running(self, _service: object) -> AsyncIterator[None]:
        """Stop building when the service stops."""
        try:
            yield
        finally:
            if self._building is not None:
                self._building.cancel()
                await asyncio.gather(self._building, return_exceptions=True)

    @asynccontextmanager
    async def open(self, at: datetime) -> AsyncIterator[AsyncConnection]:
        """Lend a connection to the read models as they were known at an instant.

        Raises PastInPreparation while they are built, NotFound when nothing had been recorded by then,
        PastUnreachable when a service does not tell where its log stood, and what the building met.
        """
        cut = await self._cut(at)
        if not any(cut.values()):
            raise NotFound(
                f"nothing had been recorded by {at.isoformat()}", field="as_of", fix="send a later instant, or none"
            )
        name = name_of(cut)
        async with self._engine.connect() as conn:
            # One snapshot: what stands live at the cut goes on meanwhile.
            conn = await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            found = (await conn.execute(text(reading(name)))).one()
            if found[1]:
                self._use(name)
                yield await conn.execution_options(schema_translate_map={LIVE: name})
                return
            if await _stands_at(conn, cut):
                yield conn
                return
        self._prepare(name, cut)
        raise PastInPreparation(self._stage)

    async def _cut(self, at: datetime) -> Cut:
        try:
            stood = await asyncio.gather(*(self._peers.positions(source, at) for source in CHARTER.listens))
        except OSError as error:
            raise PastUnreachable(str(error), fix="see which service is down, and ask again") from error
        pairs = zip(CHARTER.listens, stood, strict=True)
        return {(source, part): position for source, parts in pairs for part, position in parts.items()}

    def _prepare(self, name: str, cut: Cut) -> None:
        if error := self._failed.pop(name, None):
            raise error
        if self._order is None:
            raise PastNotPrepared(
                "lists of the past are built by the role that owns the tables, whose address is not set",
                field="CASEBOOK_MIGRATION_DATABASE_URL",
                fix="set it, or ask about one case",
            )
        if self._building is None:
            self._stage = Stage("waiting", 0, 0)
            self._building = asyncio.create_task(self._build(self._order, name, cut), name=name)
            self._building.add_done_callback(self._ended)

    async def _build(self, order: RebuildOrder, name: str, cut: Cut) -> None:
        if await build(order, cut, self._reach):
            self._use(name)
            await tidy(order, self._keep)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Make room for the next one; an error is told to whoever asks for the same again."""
        self._building = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed[task.get_name()] = error

    def _reach(self, stage: Stage) -> None:
        self._stage = stage

    def _use(self, name: str) -> None:
        self._used.pop(name, None)
        self._used[name] = None

    def _keep(self, there: list[str]) -> set[str]:
        """Give which to keep: the last used, then the newest; what another instance built counts by its age alone."""
        last_used = [name for name in reversed(self._used) if name in there]
        return {*[*last_used, *(name for name in there if name not in last_used)][: self._kept]}


async def _stands_at(conn: AsyncConnection, cut: Cut) -> bool:
    rows = await conn.execute(CURSORS, {"consumer": CHARTER.owner})
    stands: dict[Place, int] = {(source, part): position for source, part, position in rows}
    return all(stands.get(place, 0) == position for place, position in cut.items())
