"""What differs between two versions of a pack: facts, clauses, derived facts, and rows cell by cell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.triage.domain.policies.pack import Clause, PackFile

Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: of which thing (`clause R-1`, `row late`), in which field; texts before and after, if any."""

    kind: Kind
    file: str
    thing: str
    field: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        where = f"{self.thing}: " if not self.field else f"{self.thing}, {self.field}: "
        match self.kind:
            case "changed":
                return f"{where}{self.before or 'nothing'} → {self.after or 'nothing'}"
            case "moved":
                return f"{where}{self.before}, now {self.after}"
            case _:
                text = self.after or self.before
                return f"{where}{self.kind}" + (f": {text}" if text else "")


@dataclass(frozen=True, slots=True)
class RowText:
    """A row as written: `cells` by the name of the column."""

    id: str
    table: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PackText:
    """A version as it is compared: derived facts and rows by the file of their table."""

    facts: PackFile
    clauses: Sequence[Clause]
    expressions: Mapping[str, Mapping[str, str]]
    rows: Mapping[str, Sequence[RowText]]
    texts: Mapping[str, str]


def compare(old: PackText, new: PackText) -> list[Change]:
    """Give every difference, in the order of the files: pack, clauses, tables, then other files by name."""
    return [
        *_fields("pack.yaml", "pack", *(_flat(one.facts.model_dump(mode="json")) for one in (old, new))),
        *_clauses(old.clauses, new.clauses),
        *_tables(old, new),
        *_files(old.texts, new.texts),
    ]


def _clauses(old: Sequence[Clause], new: Sequence[Clause]) -> Iterator[Change]:
    before = {clause.id: clause for clause in old}
    after = {clause.id: clause for clause in new}
    for name in before.keys() - after.keys():
        yield Change("removed", "clauses.yaml", f"clause {name}", before=_first(before[name]))
    for name, clause in after.items():
        if name not in before:
            yield Change("added", "clauses.yaml", f"clause {name}", after=_first(clause))
        else:
            fields = (_flat(one.model_dump(mode="json", exclude={"id"})) for one in (before[name], clause))
            yield from _fields("clauses.yaml", f"clause {name}", *fields)


def _tables(old: PackText, new: PackText) -> Iterator[Change]:
    for file in sorted(old.rows.keys() | new.rows.keys()):
        yield from _fields(file, "derived", old.expressions.get(file, {}), new.expressions.get(file, {}))
        before = {(row.table, row.id): row for row in old.rows.get(file, ())}
        after = {(row.table, row.id): row for row in new.rows.get(file, ())}
        for key in before:
            if key not in after:
                yield Change("removed", file, f"row {key[1]}", before=_said(before[key].cells))
        for key, row in after.items():
            if key not in before:
                yield Change("added", file, f"row {key[1]}", after=_said(row.cells))
            else:
                yield from _fields(file, f"row {key[1]}", before[key].cells, row.cells)
        yield from _moved(file, [key for key in before if key in after], [key for key in after if key in before])


def _moved(file: str, before: list[tuple[str, str]], after: list[tuple[str, str]]) -> Iterator[Change]:
    """Tell which rows stand elsewhere among those that both versions have, moving as few as explain it."""
    while before != after:
        here, there = {key: place for place, key in enumerate(before)}, {key: place for place, key in enumerate(after)}
        key = max(before, key=lambda one: (abs(here[one] - there[one]), -here[one]))
        yield Change("moved", file, f"row {key[1]}", before=_place(before, key), after=_place(after, key))
        before, after = [one for one in before if one != key], [one for one in after if one != key]


def _place(keys: list[tuple[str, str]], key: tuple[str, str]) -> str:
    at = keys.index(key)
    return f"after row {keys[at - 1][1]}" if at else "first"


def _files(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change("removed", name, "file")
        elif name not in old:
            yield Change("added", name, "file")
        elif old[name] != new[name]:
            lines = {*new[name].splitlines()} ^ {*old[name].splitlines()}
            yield Change("changed", name, "file", before="", after=f"{len(lines)} lines differ")


def _fields(file: str, thing: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield Change("changed", file, thing, name, before, after)


def _flat(value: Any, path: str = "") -> dict[str, str]:
    """Give the texts at the leaves of a value by their dotted paths; what is not set is left out."""
    match value:
        case dict():
            return {k: v for key, one in value.items() for k, v in _flat(one, f"{path}.{key}" if path else key).items()}
        case list() if any(isinstance(one, dict) for one in value):
            return {k: v for place, one in enumerate(value) for k, v in _flat(one, f"{path}.{place}").items()}
        case list():
            return {path: ", ".join(map(str, value))} if value else {}
        case None | False | "":
            return {}
        case _:
            return {path: str(value)}


def _first(clause: Clause) -> str:
    return next(iter(clause.text.values()), "")


def _said(cells: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {cell}" for name, cell in cells.items())
