"""A service's PostgreSQL: one pool on the driver for the log, and SQLAlchemy for tables and queries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Executable, make_url
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.sql import ClauseElement

TRANSIENT = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.TooManyConnectionsError,
)
DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves the constructor untyped


class Transaction:
    """A connection, with a transaction open on it or in autocommit."""

    __slots__ = ("raw",)

    def __init__(self, raw: asyncpg.Connection) -> None:
        self.raw = raw

    async def run(self, statement: Executable) -> list[asyncpg.Record]:
        """Run a SQLAlchemy Core statement here and give its rows; values go as parameters, never into the text."""
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=DIALECT)
        values: dict[str, Any] = dict(compiled.params)
        names = getattr(compiled, "positiontup", None) or ()
        return list(await self.raw.fetch(str(compiled), *(values[name] for name in names)))


class Database:
    """A service's own database under its own role.

    `connection` and `transaction` lend a driver connection: the log's hot path. `engine` is SQLAlchemy's, for queries.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url)
        self.engine: AsyncEngine = create_async_engine(self.url, pool_size=pool_size, max_overflow=10)
        self._pool_size = pool_size
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> "Database":
        """Connect; raises OSError or a PostgreSQL error when the database is away."""
        async with self._opening:
            self._pool = self._pool or await asyncpg.create_pool(
                user=self.url.username,
                password=self.url.password,
                database=self.url.database,
                host=self.url.query.get("host") or self.url.host,
                port=self.url.port,
                min_size=1,
                max_size=self._pool_size,
                max_inactive_connection_lifetime=0,
                reset=_keep_as_it_is,
                server_settings={"default_transaction_isolation": "read committed", "application_name": "recourse"},
            )
        return self

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        """Lend a connection in autocommit: each statement is its own transaction."""
        if self._pool is None:
            await self.open()
        assert self._pool is not None
        async with self._pool.acquire() as raw:
            yield Transaction(raw)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Lend a connection with an open READ COMMITTED transaction; commits at the end, rolls back on an error."""
        async with self.connection() as lent, lent.raw.transaction(isolation="read_committed"):
            yield lent

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self._pool is not None:
            await self._pool.close()
            self._pool = None


async def _keep_as_it_is(_connection: asyncpg.Connection) -> None:
    """Save the pool's reset round trip: nothing here leaves session state behind but the relay, which cleans up."""
