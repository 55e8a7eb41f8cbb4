"""Writing folded changes to PostgreSQL: upserts when live, COPY into fresh tables when rebuilding."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import asyncpg
from sqlalchemy.dialects.postgresql import dialect

from shared.eventstore.readmodel import Batch, Key, ReadModel, Row

DIALECT = dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy leaves it
# So many rows are worth a statement of their own; arrays cost by the column, statements by the piece.
OWN_STATEMENT = 20
Shape = tuple[str, ...]


async def upsert(conn: asyncpg.Connection, schema: str, batch: Batch) -> None:
    """Merge a batch into a schema's tables: one statement a table and set of columns; append-only tables by COPY."""
    for model, lines in batch.appended.items():
        await _copy(conn, schema, model, lines)
    for model, rows in batch.rows.items():
        for shape, items in _by_shape(model, rows).items():
            names = shape[len(model.key) :]
            columns: list[Sequence[object]] = [*zip(*(key for key, _ in items), strict=True)]
            for name in names:
                unchanged = 0 if model.merges[name] == "add" else None
                columns.append([row.get(name, unchanged) for _, row in items])
            await conn.execute(_statement(schema, model, shape), *columns)


async def copy(conn: asyncpg.Connection, schema: str, batch: Batch) -> None:
    """Copy a batch whose keys are all new into a schema's tables."""
    for model, lines in batch.appended.items():
        await _copy(conn, schema, model, lines)
    for model, rows in batch.rows.items():
        await _copy(conn, schema, model, rows)


async def _copy(
    conn: asyncpg.Connection, schema: str, model: ReadModel, rows: Mapping[Key, Mapping[str, object]]
) -> None:
    names = model.columns[len(model.key) :]
    sums = {name: 0 for name in names if model.merges[name] == "add"}
    records: Iterable[tuple[object, ...]]
    if sums:
        records = ((*key, *map({**sums, **row}.get, names)) for key, row in rows.items())
    else:
        records = ((*key, *map(row.get, names)) for key, row in rows.items())
    await conn.copy_records_to_table(model.name, schema_name=schema, columns=model.columns, records=records)


def _by_shape(model: ReadModel, rows: dict[Key, Row]) -> dict[Shape, list[tuple[Key, Row]]]:
    """Group rows by the columns they change.

    Groups too small for a statement of their own are joined by the owned columns they set, and filled up with merges
    that change nothing.
    """
    exact: dict[frozenset[str], list[tuple[Key, Row]]] = {}
    for item in rows.items():
        exact.setdefault(frozenset(item[1]), []).append(item)
    shapes: dict[Shape, list[tuple[Key, Row]]] = {}
    for changed, items in exact.items():
        small = len(items) < OWN_STATEMENT
        names = (n for n, merge in model.merges.items() if n in changed or (small and merge != "set"))
        shapes.setdefault((*model.key, *names), []).extend(items)
    return shapes


@lru_cache(maxsize=1024)
def _statement(schema: str, model: ReadModel, shape: Shape) -> str:
    arrays = ", ".join(
        f"${number}::{model.table.columns[name].type.compile(DIALECT)}[]" for number, name in enumerate(shape, 1)
    )
    merges = ", ".join(_merge(model, name) for name in shape[len(model.key) :])
    return (
        f'INSERT INTO "{schema}"."{model.name}" AS t ({_quoted(shape)}) SELECT * FROM unnest({arrays})'
        f" ON CONFLICT ({_quoted(model.key)}) DO {f'UPDATE SET {merges}' if merges else 'NOTHING'}"
    )


def _merge(model: ReadModel, name: str) -> str:
    match model.merges[name]:
        case "set":
            return f'"{name}" = EXCLUDED."{name}"'
        case "add":
            return f'"{name}" = t."{name}" + EXCLUDED."{name}"'
        case both:
            return f'"{name}" = {both.upper()}(t."{name}", EXCLUDED."{name}")'


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
