"""The values that the cells of a decision table tell apart: for each field, classes of values, and what cells hold for.

A cell that reads other names than its own value, or that no value we can think of meets, may hold or not: it is a field
of its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

Matches = Callable[[str, Any], bool]
"""Tells whether a cell holds for a value, as the rules engine sees it."""

STRINGS = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
NUMBERS = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
NAMES = re.compile(r"(?<![\w.$#])[A-Za-z_]\w*(?:\.\w+)*(?!\w*\s*\()")
BOUND = re.compile(r"\bas\s+([A-Za-z_]\w*)")
KEYS = re.compile(r"(?<=[{,])\s*\w+\s*:")
KEYWORDS = frozenset({"in", "not", "and", "or", "true", "false", "null"})
OTHER = "(any other)"


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the check sees it: its id, its cells by field, its answer (outcome and clause)."""

    id: str
    cells: tuple[tuple[str, str], ...]
    answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or a condition on several fields at once: a value of each class, and the classes of each cell."""

    name: str
    values: tuple[Any, ...]
    holds: Mapping[str, int]

    @property
    def all(self) -> int:
        """The mask of every class."""
        return (1 << len(self.values)) - 1


def names_in(expression: str) -> set[str]:
    """Give the dotted names that an expression reads, beside its own value and what it names itself (`list as one`)."""
    plain = KEYS.sub(" ", STRINGS.sub(" ", expression))
    bound = {*BOUND.findall(plain), "as", *KEYWORDS}
    return {name for name in NAMES.findall(BOUND.sub(" ", plain)) if name.split(".")[0] not in bound}


def fields_of(lines: Sequence[Line], matches: Matches) -> list[Field]:
    """Give the fields of a table with their classes; a cell that reads other names is a field of its own."""
    cells: dict[str, list[str]] = {}
    for line in lines:
        for name, cell in line.cells:
            key = name if name and not names_in(cell) else cell
            known = cells.setdefault(key, [])
            if cell not in known:
                known.append(cell)
    found = []
    for name, texts in cells.items():
        field = _classes(name, texts, matches) if texts != [name] else None
        blind = [text for text in texts if field is None or not field.holds[text]]
        if field is not None:
            found.append(Field(name, field.values, {text: m for text, m in field.holds.items() if text not in blind}))
        found += [Field(text, (True, False), {text: 1}) for text in blind]
    return found


def _classes(name: str, cells: Sequence[str], matches: Matches) -> Field:
    """Group the values that a field may have by the cells that they meet; the plainest value stands for its class."""
    classes: dict[tuple[bool, ...], Any] = {}
    for value in _candidates(cells):
        classes.setdefault(tuple(matches(cell, value) for cell in cells), value)
    holds = {
        cell: sum(1 << place for place, met in enumerate(classes) if met[number]) for number, cell in enumerate(cells)
    }
    return Field(name, tuple(classes.values()), holds)


def _candidates(cells: Sequence[str]) -> Iterator[Any]:
    """Give values around everything that the cells name: texts, numbers and their neighbours, lists of texts, null."""
    texts = list(dict.fromkeys(a or b for cell in cells for a, b in STRINGS.findall(cell)))
    numbers = sorted({float(n) for cell in cells for n in NUMBERS.findall(STRINGS.sub(" ", cell).replace("..", " "))})
    plain = any("$" not in cell for cell in cells if STRINGS.search(cell))
    if texts and plain:
        yield from (OTHER, *texts)
    if any(re.search(r"\b(?:true|false)\b", cell) for cell in cells):
        yield from (True, False)
    for number in numbers:
        yield from (_whole(number), _whole(number + 1), _whole(number - 1), number + 0.5, number - 0.5)
    if texts:
        yield []
        for size in range(1, min(3, len(texts)) + 1):
            yield from ([*some] for some in combinations(texts, size))
        yield texts
    for number in numbers:
        if 0 <= number <= 50:
            yield from ([OTHER] * size for size in {int(number), int(number) + 1, max(0, int(number) - 1)})
    yield from (OTHER, True, False, None)


def _whole(number: float) -> float | int:
    return int(number) if number.is_integer() else number
