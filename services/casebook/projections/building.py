"""What a schema under construction knows of itself, kept beside its tables: how far it is, and what it leaves out.

It is written in the transactions that write the rows, so that a rebuild that was killed goes on where it stood.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import asyncpg

import services.casebook.tables
import shared.contracts
from services.casebook.projections.reading import Mark
from shared.messaging.cursor import Place

DDL = """
    CREATE TABLE "{schema}".building (
        fingerprint text NOT NULL, models text[] NOT NULL, done boolean NOT NULL DEFAULT false);
    CREATE TABLE "{schema}".building_mark (
        source text, log_part smallint, position bigint NOT NULL, passed_over bigint NOT NULL,
        PRIMARY KEY (source, log_part));
    CREATE TABLE "{schema}".building_left_out (
        source text, log_part smallint, position bigint, PRIMARY KEY (source, log_part, position))"""
KEEP_MARKS = """
    INSERT INTO "{schema}".building_mark SELECT * FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::bigint[])
    ON CONFLICT (source, log_part) DO UPDATE SET position = EXCLUDED.position, passed_over = EXCLUDED.passed_over"""
KEEP_LEFT_OUT = """
    INSERT INTO "{schema}".building_left_out SELECT * FROM unnest($1::text[], $2::smallint[], $3::bigint[])
    ON CONFLICT DO NOTHING"""
PLACES_OF_CODE = (Path(__file__), Path(services.casebook.tables.__file__), Path(shared.contracts.__file__))

Event = tuple[str, int, int]  # source, log partition, position


class Standing(NamedTuple):
    """Where a schema stands: by what code it is built, of which models, how far, and without which events."""

    fingerprint: str
    models: tuple[str, ...]
    done: bool
    marks: dict[Place, Mark]
    left_out: set[Event]


def fingerprint() -> str:
    """Give a hash over the code that rows are made by; rows of other code are never gone on with."""
    digest = sha256()
    for folder in (place.parent for place in PLACES_OF_CODE):
        for file in sorted(folder.glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


async def begin(conn: asyncpg.Connection, schema: str, models: Sequence[str]) -> None:
    """Make the tables of the standing in a schema that has none yet."""
    await conn.execute(DDL.format(schema=schema))
    await conn.execute(f'INSERT INTO "{schema}".building VALUES ($1, $2)', fingerprint(), list(models))


async def read(conn: asyncpg.Connection, schema: str) -> Standing | None:
    """Give where a schema stands; None when it does not exist, or does not tell.

    A mark's Kafka offset is its position: no record of a later event comes before it, in whichever topic the log is
    published, for every event before it takes one offset at least.
    """
    if await conn.fetchval("SELECT to_regclass($1) IS NULL", f'"{schema}".building'):
        return None
    row = await conn.fetchrow(f'SELECT fingerprint, models, done FROM "{schema}".building')
    if row is None:
        return None
    marks = await conn.fetch(f'SELECT source, log_part, position, passed_over FROM "{schema}".building_mark')
    left_out = await conn.fetch(f'SELECT source, log_part, position FROM "{schema}".building_left_out')
    return Standing(
        row["fingerprint"],
        tuple(row["models"]),
        row["done"],
        {(source, part): Mark(position, position, passed_over) for source, part, position, passed_over in marks},
        {tuple(event) for event in left_out},
    )


async def keep(
    conn: asyncpg.Connection, schema: str, marks: Mapping[Place, Mark], left_out: Iterable[Event] = ()
) -> None:
    """Keep how far the schema is, in the transaction that brings it there."""
    if marks:
        sources, parts = zip(*marks, strict=True)
        positions = [mark.position for mark in marks.values()]
        passed_over = [mark.passed_over for mark in marks.values()]
        await conn.execute(KEEP_MARKS.format(schema=schema), sources, parts, positions, passed_over)
    if events := list(left_out):
        await conn.execute(KEEP_LEFT_OUT.format(schema=schema), *(list(column) for column in zip(*events, strict=True)))


async def end(conn: asyncpg.Connection, schema: str) -> None:
    """Note that nothing is to be gone on with here: the next rebuild starts from the first event."""
    await conn.execute(f'UPDATE "{schema}".building SET done = true')
