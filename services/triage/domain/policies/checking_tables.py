"""Decides what the rows of a decision table cover: rows never reached, requests that no row answers, overlaps.

A row is a box: a set of classes of values for each field. Boxes are subtracted from each other exactly; only when that
grows too big are combinations sampled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any

from services.triage.domain.policies.value_classes import OTHER, Field, Line, Matches, fields_of

Box = tuple[int, ...]

MOST_PIECES = 20_000
SAMPLES = 20_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found. `example`s are values by field; numbers are numbers of combinations of classes.

    unreachable: rows that earlier ones cover (the earlier ones that meet them); impossible: rows that can never hold;
    gap: a combination that no row answers; last: how many reach only the last row, which has no condition;
    crossing: pairs of rows on the same fields that answer otherwise and share a part of a field, and neither all of it;
    overlaps: the number of pairs of rows that answer otherwise where their order decides.
    """

    combinations: int
    exhaustive: bool
    unreachable: tuple[tuple[str, tuple[str, ...]], ...]
    impossible: tuple[str, ...]
    gap: Mapping[str, Any] | None
    last: int
    last_example: Mapping[str, Any] | None
    crossing: tuple[tuple[str, str, Mapping[str, Any]], ...]
    overlaps: int


def cover(lines: Sequence[Line], matches: Matches) -> Coverage:
    """Check the rows of one table, of which the first that matches answers."""
    fields = fields_of(lines, matches)
    universe: Box = tuple(field.all for field in fields)
    boxes = [box_of(line, fields) for line in lines]
    unreachable, impossible, exhaustive = [], [], True
    for place, (line, box) in enumerate(zip(lines, boxes, strict=True)):
        if not all(box):
            impossible.append(line.id)
            continue
        met = [number for number in range(place) if meets(boxes[number], box)]
        left, whole = subtract([box], [boxes[number] for number in met])
        exhaustive &= whole
        if not left and whole:
            unreachable.append((line.id, tuple(lines[number].id for number in met)))
    open_ended = bool(lines) and not lines[-1].cells
    conditional = boxes[:-1] if open_ended else boxes
    left, whole = subtract([universe], conditional)
    exhaustive &= whole
    if not whole:
        left = [one for one in sampled(universe) if not any(meets(box, one) for box in conditional)]
    rest = _plainest(left, fields)
    return Coverage(
        combinations=prod(len(field.values) for field in fields),
        exhaustive=exhaustive,
        unreachable=tuple(unreachable),
        impossible=tuple(impossible),
        gap=None if open_ended or rest is None else rest,
        last=sum(prod(mask.bit_count() for mask in box) for box in left) if open_ended else 0,
        last_example=rest if open_ended else None,
        crossing=tuple(_crossing(lines, boxes, fields)),
        overlaps=sum(
            one.answer != other.answer and meets(boxes[i], boxes[j])
            for (i, one), (j, other) in combinations(enumerate(lines), 2)
            if one.cells and other.cells
        ),
    )


def box_of(line: Line, fields: Sequence[Field]) -> Box:
    """Give the classes of each field that a row lets through."""
    own = dict.fromkeys(range(len(fields)), 0)
    masks = [field.all for field in fields]
    for name, cell in line.cells:
        for number in own:
            field = fields[number]
            if cell in field.holds and field.name in (name, cell):
                masks[number] &= field.holds[cell]
    return tuple(masks)


def meets(one: Box, other: Box) -> bool:
    """Tell whether two boxes have a combination in common."""
    return all(a & b for a, b in zip(one, other, strict=True))


def subtract(pieces: list[Box], boxes: Sequence[Box]) -> tuple[list[Box], bool]:
    """Give what is left of pieces without boxes, and whether it was followed to the end."""
    for box in boxes:
        left: list[Box] = []
        for piece in pieces:
            if meets(piece, box):
                left += _without(piece, box)
            else:
                left.append(piece)
        if len(left) > MOST_PIECES:
            return left, False
        pieces = left
    return pieces, True


def sampled(universe: Box) -> Iterator[Box]:
    """Give combinations spread over all of them, the same ones every time."""
    state = 20261124
    for _ in range(SAMPLES):
        box = []
        for mask in universe:
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            box.append(1 << ((state >> 33) % mask.bit_length()))
        yield tuple(box)


def _without(piece: Box, box: Box) -> list[Box]:
    left, rest = [], list(piece)
    for number, mask in enumerate(box):
        outside = rest[number] & ~mask
        if outside:
            left.append((*rest[:number], outside, *rest[number + 1 :]))
        rest[number] &= mask
    return left


def _plainest(left: Sequence[Box], fields: Sequence[Field]) -> dict[str, Any] | None:
    """Give a combination out of what is left, one that needs the fewest unknown values."""
    if not left:
        return None
    found = [_example(box, fields) for box in left]
    return min(found, key=lambda one: sum(value is None or value == OTHER for value in one.values()))


def _example(box: Box, fields: Sequence[Field]) -> dict[str, Any]:
    """Give a value for each field that a box narrows."""
    return {
        field.name: field.values[(mask & -mask).bit_length() - 1]
        for field, mask in zip(fields, box, strict=True)
        if mask != field.all
    }


def _crossing(
    lines: Sequence[Line], boxes: Sequence[Box], fields: Sequence[Field]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give the pairs that a reader takes for apart: the same fields, a part in common, and other answers."""
    for (i, one), (j, other) in combinations(enumerate(lines), 2):
        same = {name for name, _ in one.cells} == {name for name, _ in other.cells}
        if not (same and one.cells and one.answer != other.answer and meets(boxes[i], boxes[j])):
            continue
        parted = [(field, a, b) for field, a, b in zip(fields, boxes[i], boxes[j], strict=True) if a != b]
        if any(all(isinstance(value, list) for value in _met(field)) for field, _, _ in parted):
            continue  # each names a circumstance of its own: order says which one weighs more
        if any(a & ~b and b & ~a for _, a, b in parted):
            common = tuple(a & b for a, b in zip(boxes[i], boxes[j], strict=True))
            yield one.id, other.id, _example(common, fields)


def _met(field: Field) -> list[Any]:
    """Give the values that meet some cell of a field: lists only, for a field that holds several words at once."""
    met = 0
    for mask in field.holds.values():
        met |= mask
    return [value for place, value in enumerate(field.values) if met >> place & 1]
