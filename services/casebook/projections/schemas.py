"""The schemas that read models stand in: make one, index it, let the service use it, put it in another's place."""

import asyncpg
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from services.casebook.projections.apply import LOCK_CLASS, SWITCH_LOCK
from services.casebook.tables import LIVE, MODELS, PREVIOUS, SHADOW

DIALECT = dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy leaves it
PAUSE = "SELECT pg_advisory_xact_lock($1, $2)"


async def make(conn: asyncpg.Connection, schema: str) -> None:
    """Make a schema with every read model's table, empty and without keys and indexes; what it held before is gone."""
    await conn.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE; CREATE SCHEMA "{schema}"')
    for table in _tables(schema):
        await conn.execute(_sql(CreateTable(table)))
        await conn.execute(f'ALTER TABLE "{schema}".{table.name} DROP CONSTRAINT {table.primary_key.name}')


def indexing(schema: str) -> list[str]:
    """Give the statements that key and index the tables that `make` made, each independent of the others."""
    statements = []
    for table in _tables(schema):
        key = ", ".join(column.name for column in table.primary_key)
        name = table.primary_key.name
        statements.append(f'ALTER TABLE "{schema}".{table.name} ADD CONSTRAINT {name} PRIMARY KEY ({key})')
        statements += [_sql(CreateIndex(index)) for index in sorted(table.indexes, key=lambda index: str(index.name))]
    return statements


async def grant(conn: asyncpg.Connection, schema: str, app_role: str) -> None:
    """Let the service's role read a schema's tables and write them, but never delete from them."""
    await conn.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{app_role}"')
    await conn.execute(f'GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA "{schema}" TO "{app_role}"')


async def pause(conn: asyncpg.Connection) -> None:
    """Keep live projection out until the end of the transaction; what it has begun, it first ends."""
    await conn.execute(PAUSE, LOCK_CLASS, SWITCH_LOCK)


async def switch(conn: asyncpg.Connection) -> None:
    """Put the shadow in the live schema's place, and keep the live one as the previous; inside a transaction."""
    await drop(conn, PREVIOUS)
    if await exists(conn, LIVE):
        await conn.execute(f"ALTER SCHEMA {LIVE} RENAME TO {PREVIOUS}")
    await conn.execute(f"ALTER SCHEMA {SHADOW} RENAME TO {LIVE}")


async def drop(conn: asyncpg.Connection, schema: str) -> None:
    """Drop a schema and all it holds; nothing happens when there is none."""
    await conn.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


async def exists(conn: asyncpg.Connection, schema: str) -> bool:
    """Tell whether there is such a schema."""
    return bool(await conn.fetchval("SELECT to_regnamespace($1) IS NOT NULL", schema))


def _tables(schema: str) -> list[Table]:
    metadata = MetaData(schema=schema)
    return [model.table.to_metadata(metadata, schema=schema) for model in MODELS]


def _sql(statement: DDLElement) -> str:
    return str(statement.compile(dialect=DIALECT))
