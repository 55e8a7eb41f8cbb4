"""Comparing two schemas of read models: row by row, column by column, byte by byte."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from services.casebook.tables import LIVE, MODELS, SHADOW
from shared.eventstore.readmodel import ReadModel

ABSENT = None
SHOWN = 100  # differing rows of a table that are named one by one

COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""


@dataclass(frozen=True)
class Difference:
    """A value that is not the same: the key by column, and both values as PostgreSQL writes them, None for none.

    The column is `*` where one side lacks the row, and the key is empty where one side lacks the column.
    """

    table: str
    key: dict[str, str]
    column: str
    live: str | None
    shadow: str | None


@dataclass
class Comparison:
    """How many rows each table has on the shadow's side, what differs, and in how many rows altogether."""

    rows: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    differing_rows: int = 0

    @property
    def equal(self) -> bool:
        """Whether no row differs."""
        return not self.differences


async def compare(
    conn: asyncpg.Connection, *, live: str = LIVE, shadow: str = SHADOW, models: Sequence[ReadModel] = MODELS
) -> Comparison:
    """Compare every table of two schemas in the caller's snapshot; up to 100 rows a table are named."""
    found = Comparison()
    for model in models:
        await _compare_table(conn, model, live, shadow, found)
    return found


async def _compare_table(conn: asyncpg.Connection, model: ReadModel, live: str, shadow: str, found: Comparison) -> None:
    left, right = await _columns(conn, live, model.name), await _columns(conn, shadow, model.name)
    for name in sorted({*left} ^ {*right}):
        sides = ("present", ABSENT) if name in left else (ABSENT, "present")
        found.differences.append(Difference(model.name, {}, name, *sides))
    shared = [name for name in right if name in left]
    found.rows[model.name] = await conn.fetchval(f'SELECT count(*) FROM "{shadow}"."{model.name}"')
    if not {*model.key} <= {*shared}:
        return
    ordered = ", ".join(f'coalesce(a."{name}", b."{name}")' for name in model.key)
    # Record images are equal only when every stored byte is: 1.0 and 1.00 differ.
    query = (
        f'SELECT a."{shared[0]}" IS NOT NULL, b."{shared[0]}" IS NOT NULL, count(*) OVER (), {_list(shared, "::text")}'
        f' FROM "{live}"."{model.name}" a FULL JOIN "{shadow}"."{model.name}" b USING ({_keys(model)})'
        f' WHERE a."{model.key[0]}" IS NULL OR b."{model.key[0]}" IS NULL'
        f" OR ROW({_side('a', shared)})::record *<> ROW({_side('b', shared)})::record"
        f" ORDER BY {ordered} LIMIT {SHOWN}"
    )
    rows = await conn.fetch(query)
    found.differing_rows += rows[0][2] if rows else 0
    for in_live, in_shadow, _, *values in (tuple(row) for row in rows):
        pairs = dict(zip(shared, zip(values[: len(shared)], values[len(shared) :], strict=True), strict=True))
        found.differences += _differences(model, pairs, in_live, in_shadow)


def _differences(
    model: ReadModel, pairs: dict[str, tuple[str | None, str | None]], in_live: bool, in_shadow: bool
) -> list[Difference]:
    key = {name: str(pairs[name][0] if in_live else pairs[name][1]) for name in model.key}
    if not (in_live and in_shadow):
        sides = ("present" if in_live else ABSENT, "present" if in_shadow else ABSENT)
        return [Difference(model.name, key, "*", *sides)]
    return [Difference(model.name, key, name, *both) for name, both in pairs.items() if both[0] != both[1]]


async def _columns(conn: asyncpg.Connection, schema: str, table: str) -> list[str]:
    return [row["attname"] for row in await conn.fetch(COLUMNS, f'"{schema}"."{table}"')]


def _keys(model: ReadModel) -> str:
    return ", ".join(f'"{name}"' for name in model.key)


def _side(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f'{alias}."{name}"' for name in names)


def _list(names: Sequence[str], cast: str) -> str:
    return ", ".join(f'{alias}."{name}"{cast}' for alias in ("a", "b") for name in names)
