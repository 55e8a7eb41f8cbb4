"""The schemas that read models stand in: make one, index it, let the service use it, put it in another's place."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from services.casebook.projections.apply import LOCK_CLASS, SWITCH_LOCK
from services.casebook.tables import LIVE, MODELS, PREVIOUS, SHADOW
from shared.eventstore.readmodel import ReadModel

DIALECT = dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy leaves it
INDEXED = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind = 'i'"""
PAUSE = "SELECT pg_advisory_xact_lock($1, $2)"


async def make(conn: asyncpg.Connection, schema: str, models: Sequence[ReadModel] = MODELS) -> None:
    """Make a schema with read models' tables, empty and without keys and indexes; what it held before is gone."""
    await conn.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE; CREATE SCHEMA "{schema}"')
    for table in _tables(schema, models):
        await conn.execute(_sql(CreateTable(table)))
        await conn.execute(f'ALTER TABLE "{schema}".{table.name} DROP CONSTRAINT {table.primary_key.name}')


def indexing(schema: str, models: Sequence[ReadModel] = MODELS, there: Sequence[str] = ()) -> list[str]:
    """Give the statements that key and index the tables that `make` made, each independent of the others.

    Indexes whose names are in `there` are left out.
    """
    statements: dict[str, str] = {}
    for table in _tables(schema, models):
        key = ", ".join(column.name for column in table.primary_key)
        name = str(table.primary_key.name)
        statements[name] = f'ALTER TABLE "{schema}".{table.name} ADD CONSTRAINT {name} PRIMARY KEY ({key})'
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            statements[str(index.name)] = _sql(CreateIndex(index))
    return [statement for name, statement in statements.items() if name not in there]


async def indexed(conn: asyncpg.Connection, schema: str) -> list[str]:
    """Give the names of the indexes that a schema has."""
    return [row["relname"] for row in await conn.fetch(INDEXED, schema)]


async def grant(conn: asyncpg.Connection, schema: str, app_role: str) -> None:
    """Let the service's role read a schema's tables and write them, but never delete from them."""
    await conn.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{app_role}"')
    await conn.execute(f'GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA "{schema}" TO "{app_role}"')


async def pause(conn: asyncpg.Connection) -> None:
    """Keep live projection out until the end of the transaction; what it has begun, it first ends."""
    await conn.execute(PAUSE, LOCK_CLASS, SWITCH_LOCK)


async def switch(conn: asyncpg.Connection, models: Sequence[ReadModel] = MODELS) -> None:
    """Put the shadow's tables in the place of the live ones, and keep those as the previous; inside a transaction."""
    await drop(conn, PREVIOUS)
    await conn.execute(f"CREATE SCHEMA {PREVIOUS}; CREATE SCHEMA IF NOT EXISTS {LIVE}")
    for model in models:
        await conn.execute(f'ALTER TABLE IF EXISTS {LIVE}."{model.name}" SET SCHEMA {PREVIOUS}')
        await conn.execute(f'ALTER TABLE {SHADOW}."{model.name}" SET SCHEMA {LIVE}')
    await drop(conn, SHADOW)


async def drop(conn: asyncpg.Connection, schema: str) -> None:
    """Drop a schema and all it holds; nothing happens when there is none."""
    await conn.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


async def exists(conn: asyncpg.Connection, schema: str) -> bool:
    """Tell whether there is such a schema."""
    return bool(await conn.fetchval("SELECT to_regnamespace($1) IS NOT NULL", schema))


def _tables(schema: str, models: Sequence[ReadModel]) -> list[Table]:
    metadata = MetaData(schema=schema)
    return [model.table.to_metadata(metadata, schema=schema) for model in models]


def _sql(statement: DDLElement) -> str:
    return str(statement.compile(dialect=DIALECT))
