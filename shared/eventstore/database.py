"""A service's PostgreSQL: one pool, and transactions in which SQLAlchemy and the log's driver calls meet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

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


class Transaction(NamedTuple):
    """One open transaction, seen through SQLAlchemy (`sql`) and through its driver (`raw`)."""

    sql: AsyncConnection
    raw: asyncpg.Connection


class Database:
    """One pool of connections to a service's own database.

    The pool's connections are in driver autocommit; `transaction` opens one on the driver, so that a single
    append costs one round trip and a longer unit of work costs one BEGIN and one COMMIT.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=pool_size,
            max_overflow=10,
            connect_args={"server_settings": {"default_transaction_isolation": "read committed"}},
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        """Lend a connection in autocommit: each statement is its own transaction."""
        async with self.engine.connect() as sql:
            raw = (await sql.get_raw_connection()).driver_connection
            yield Transaction(sql, raw)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Lend a connection with an open READ COMMITTED transaction; commits at the end, rolls back on an error."""
        async with self.connection() as lent, lent.raw.transaction(isolation="read_committed"):
            yield lent

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self.engine.dispose()
