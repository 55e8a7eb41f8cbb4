"""Read models as values: a table with a merge rule for each column, changes to its rows, and many changes folded.

Over several topics any interleaving may arrive, so a row must end up the same in all of them. Hence the law: a column
has one owning topic, whose order decides (`owned`), or it merges commutatively (`greatest`, `least`, `added`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from sqlalchemy import BigInteger, Column, DateTime, Table
from sqlalchemy.types import TypeEngine

Key = tuple[Any, ...]
Row = dict[str, Any]
Merge = Literal["set", "greatest", "least", "add"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


def owned(owner: str, name: str, kind: type[TypeEngine[Any]] | TypeEngine[Any]) -> Column[Any]:
    """A column that only events of topic `owner` write; the last one wins."""
    return Column(name, kind, info={"merge": "set", "owner": owner})


def greatest(name: str) -> Column[Any]:
    """An instant that only moves forward, whoever writes it."""
    return Column(name, DateTime(timezone=True), info={"merge": "greatest"})


def least(name: str) -> Column[Any]:
    """An instant that only moves back, whoever writes it."""
    return Column(name, DateTime(timezone=True), info={"merge": "least"})


def added(name: str) -> Column[Any]:
    """A sum to which anybody adds; it starts at 0."""
    return Column(name, BigInteger, nullable=False, server_default="0", info={"merge": "add"})


@dataclass(frozen=True, eq=False)
class ReadModel:
    """A table and how its columns merge; an `append_only` one has rows that are written once and whole.

    Every key must be touched by events of one log partition only; that is what lets partitions be projected side by
    side, live and in a rebuild.
    """

    table: Table
    append_only: bool = False
    key: tuple[str, ...] = field(init=False)
    columns: tuple[str, ...] = field(init=False)  # all that are written, the key first
    merges: Mapping[str, Merge] = field(init=False)
    owners: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        key = tuple(column.name for column in self.table.primary_key)
        rest = [c for c in self.table.columns if c.name not in key and c.computed is None]
        unruled = [c.name for c in rest if not self.append_only and "merge" not in c.info]
        if unruled:
            raise ValueError(f"{self.table.name}: no merge rule for {', '.join(unruled)}")
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "columns", (*key, *(c.name for c in rest)))
        object.__setattr__(self, "merges", {c.name: c.info.get("merge", "set") for c in rest})
        object.__setattr__(self, "owners", {c.name: c.info["owner"] for c in rest if "owner" in c.info})

    @property
    def name(self) -> str:
        return self.table.name


class Change(NamedTuple):
    """What one event does to one row, made if it is not there: columns by merge rule. `key` is in primary key order."""

    model: ReadModel
    key: Key
    set: Mapping[str, object] = NOTHING
    greatest: Mapping[str, datetime] = NOTHING
    least: Mapping[str, datetime] = NOTHING
    add: Mapping[str, int] = NOTHING


class Batch:
    """Changes of many events, folded in the order they are taken: one row a key, by model.

    `rows` are of tables whose rows change, with the columns that changed; `appended` of append-only tables, whole.
    """

    def __init__(self) -> None:
        self.rows: dict[ReadModel, dict[Key, Row]] = {}
        self.appended: dict[ReadModel, dict[Key, Mapping[str, object]]] = {}

    def take(self, changes: Iterable[Change]) -> None:
        """Fold changes in; raises ValueError when an append-only row is written twice."""
        for model, key, assigned, later, earlier, sums in changes:
            if model.append_only:
                self._append(model, key, assigned)
                continue
            rows = self.rows.get(model)
            if rows is None:
                rows = self.rows[model] = {}
            row = rows.get(key)
            if row is None:
                row = rows[key] = {}
            # This loop is most of a projection's cost, and most changes use one or two of the four rules.
            if assigned is not NOTHING:
                row.update(assigned)
            if later is not NOTHING:
                for name, value in later.items():
                    known = row.get(name)
                    if known is None or value > known:
                        row[name] = value
            if earlier is not NOTHING:
                for name, value in earlier.items():
                    known = row.get(name)
                    if known is None or value < known:
                        row[name] = value
            if sums is not NOTHING:
                for name, number in sums.items():
                    row[name] = row.get(name, 0) + number

    def release_appended(self) -> "Batch":
        """Take the rows of append-only tables out, in a batch of their own: nothing can change them any more."""
        released = Batch()
        released.appended, self.appended = self.appended, {}
        return released

    def _append(self, model: ReadModel, key: Key, row: Mapping[str, object]) -> None:
        rows = self.appended.get(model)
        if rows is None:
            rows = self.appended[model] = {}
        if key in rows:
            raise ValueError(f"{model.name}: the row {key} is written twice")
        rows[key] = row
