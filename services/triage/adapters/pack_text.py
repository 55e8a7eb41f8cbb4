"""A loaded pack as it is compared with another, and how each row was decided on for one request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import zen

from services.triage.adapters.decision_table import Passed, Row
from services.triage.adapters.policy_pack import READING_TABLE, PolicyPack
from services.triage.domain.policies import evaluation
from services.triage.domain.policies.diffing import PackText, RowText
from services.triage.domain.policies.evaluation import PolicyRequest

COMPARED = ("pack.yaml", "clauses.yaml")


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An earlier row and its first condition that does not hold, with the value that it met."""

    row: str
    meaning: str
    field: str
    condition: str
    value: Any


@dataclass(frozen=True, slots=True)
class Explained:
    """A table that was passed: the row that matched with its conditions and values, and why no earlier row did."""

    table: str
    row: str
    meaning: str
    conditions: tuple[tuple[str, str, Any], ...]
    passed_over: tuple[PassedOver, ...]
    derived: Mapping[str, Any]


def text_of(pack: PolicyPack) -> PackText:
    """Give a pack as it is compared."""
    return PackText(
        facts=pack.facts,
        clauses=pack.written,
        expressions={path: graph.expressions for path, graph in pack.tables.items()},
        rows={
            path: [_row_text(row) for table in graph.tables for row in table.rows]
            for path, graph in pack.tables.items()
        },
        texts={
            path: text for path, text in pack.source.files.items() if path not in COMPARED and path not in pack.tables
        },
    )


def explain(pack: PolicyPack, request: PolicyRequest) -> list[Explained]:
    """Give how the tables came to their answer; empty when none was asked, since something is missing or unknown.

    Raises LookupError when a table cannot be evaluated or no row matches.
    """
    action = pack.facts.actions.get(request.action or "")
    inputs = evaluation.table_inputs(request, pack.facts)
    if pack.facts.actions and (action is None or evaluation.missing(inputs, action, pack.facts)):
        return []
    graph = pack.tables[action.table if action else READING_TABLE]
    _, passed = graph.evaluate(inputs)
    return list(_explained(passed, {table.name: table.rows for table in graph.tables}))


def _explained(passed: list[Passed], rows: Mapping[str, tuple[Row, ...]]) -> Iterator[Explained]:
    derived: dict[str, Any] = {}
    for node in passed:
        if node.row is None:
            derived |= node.values
            continue
        before = rows[node.name][: rows[node.name].index(node.row)]
        named = zip(node.row.inputs, node.row.cells, strict=True)
        yield Explained(
            table=node.name,
            row=node.row.id,
            meaning=node.row.meaning,
            conditions=tuple((name, cell, evaluation.value_at(node.seen, field)) for name, (field, cell) in named),
            passed_over=tuple(over for row in before if (over := _failed(row, node.seen)) is not None),
            derived=derived,
        )


def _failed(row: Row, seen: Mapping[str, Any]) -> PassedOver | None:
    for name, (field, cell) in zip(row.inputs, row.cells, strict=True):
        value = evaluation.value_at(seen, field) if field else None
        if not _holds(cell, field, value, seen):
            return PassedOver(row.id, row.meaning, name, cell, value)
    return None


def _holds(cell: str, field: str, value: Any, seen: Mapping[str, Any]) -> bool:
    try:
        if not field:
            return bool(zen.evaluate_expression(cell, dict(seen)))
        return bool(zen.evaluate_unary_expression(cell, {**seen, "$": value}))
    except RuntimeError:
        return False  # of another type than the cell compares with: the engine lets it not match


def _row_text(row: Row) -> RowText:
    written = zip(row.outputs, row.formulas, strict=True)
    said = {name: row.outputs[name] if isinstance(row.outputs[name], str) else text for name, text in written}
    given = {name: text for name, text in said.items() if text != "null"}
    return RowText(row.id, row.table, {"meaning": row.meaning, **row.inputs, **given})
