"""GoRules decision tables (JDM), checked and compiled; zen-engine evaluates them and says which rows matched."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import zen

from shared.kernel.errors import MalformedInput

# Where RUST_BACKTRACE is set, the engine writes out the whole stack for every value that a cell does not fit: thousands
# a check, tens of milliseconds each under a web server. It reads this once, before its first error.
os.environ["RUST_LIB_BACKTRACE"] = "0"
TABLE = "decisionTableNode"
KNOWN_NODES = frozenset({"inputNode", "outputNode", "expressionNode", "switchNode", TABLE})
IMPURE = re.compile(
    r"\brand\s*\(|\bd\s*\(\s*\)|\b(?:d|date|time|dateString)\s*\(\s*['\"](?:now|today|tomorrow|yesterday)"
)
"""Calls that read a clock or chance: the same request must get the same answer; `now` and `today` are inputs."""
STATED = ("outcome", "clause", "role", "ask")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as written: its id, what it is for, and its cells.

    `inputs` are cells by column name, `cells` by field (an empty field: the cell is a whole expression); `outputs`
    hold values, and None for one that depends on the request.
    """

    id: str
    meaning: str
    inputs: Mapping[str, str]
    cells: tuple[tuple[str, str], ...]
    outputs: Mapping[str, Any]
    formulas: tuple[str, ...]
    table: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table node: its rows in order, the fields of its columns, and whether it gives the answer."""

    id: str
    name: str
    rows: tuple[Row, ...]
    fields: tuple[str, ...]
    answers: bool


@dataclass(frozen=True, slots=True)
class Passed:
    """A node that an evaluation passed: its name, what it saw, and the row that matched or the values derived."""

    name: str
    seen: Mapping[str, Any]
    row: Row | None
    values: Mapping[str, Any]


class DecisionTable:
    """One JDM graph: derived facts, and tables of which the first row that matches wins."""

    def __init__(self, content: str, where: str) -> None:
        """Check and compile; raises MalformedInput for what cannot be read, or for a cell that is no expression."""
        self.where = where
        try:
            document = json.loads(content)
            nodes = document["nodes"]
            self.edges = tuple((str(edge["sourceId"]), str(edge["targetId"])) for edge in document["edges"])
            self.node_types = {str(node["id"]): str(node["type"]) for node in nodes}
            self.expressions = {
                str(item["key"]): str(item["value"])
                for node in nodes
                if node["type"] == "expressionNode"
                for item in node["content"]["expressions"]
            }
            self._switches = [
                str(one["condition"])
                for node in nodes
                if node["type"] == "switchNode"
                for one in node["content"].get("statements", ())
            ]
            written = [node for node in nodes if node["type"] == TABLE]
        except ValueError as error:
            raise self._wrong(f"is not JSON: {error}") from error
        except (KeyError, TypeError) as error:
            raise self._wrong(f"is no graph of GoRules' JSON ({error!r})") from error
        if unknown := sorted(set(self.node_types.values()) - KNOWN_NODES):
            raise self._wrong(f"holds {', '.join(unknown)}; use tables, expressions and switches")
        try:
            self.tables = tuple(self._table(node) for node in written)
        except (KeyError, TypeError, ValueError) as error:
            raise self._wrong(f"has a table that is not GoRules' JSON ({error!r})") from error
        self.rows = tuple(row for table in self.tables if table.answers for row in table.rows)
        if not self.rows:
            raise self._wrong("must hold a decision table with the outputs outcome and clause")
        self._check_stated()
        for text in (*self.expressions.values(), *self._cells()):
            if IMPURE.search(text):
                raise self._wrong(f"{text!r} reads a clock or chance", fix="use the inputs now, today and zone")
        try:
            self._decision = zen.ZenEngine().create_decision(content)
        except RuntimeError as error:
            raise self._wrong(_short(error)) from error
        self._by_node = {table.id: {row.id: row for row in table.rows} for table in self.tables}

    def evaluate(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], list[Passed]]:
        """Give the outputs of the row that answers, and the nodes passed, in order.

        Raises LookupError when no row matches or a derived fact cannot be computed from these inputs.
        """
        try:
            answer: Any = self._decision.evaluate(dict(inputs), {"trace": True})
        except RuntimeError as error:
            raise LookupError(f"{self.where} cannot be evaluated: {_short(error)}") from error
        passed, answered = [], False
        for node_id, node in sorted(answer["trace"].items(), key=lambda item: item[1]["order"]):
            data, kind = node["traceData"], self.node_types.get(node_id)
            if kind == TABLE and data:
                row = self._by_node[node_id][data["rule"]["_id"]]
                passed.append(Passed(node["name"], node["input"], row, {}))
                answered = "outcome" in row.outputs
            elif kind == "expressionNode" and data:
                passed.append(Passed(node["name"], node["input"], None, {k: v["result"] for k, v in data.items()}))
        if not answered:
            raise LookupError(f"no row of {self.where} matches; add a last row without conditions")
        return dict(answer["result"]), passed

    def _table(self, node: dict[str, Any]) -> Table:
        content, name = node["content"], str(node["name"])
        if content.get("hitPolicy", "first") != "first":
            raise self._wrong(f"table {name}: hitPolicy must be first")
        rows = tuple(self._row(content, row, name) for row in content["rules"])
        ids = [row.id for row in rows]
        if len(set(ids)) != len(ids):
            twice = next(one for one in ids if ids.count(one) > 1)
            raise self._wrong(f"table {name}: two rows have the id {twice}")
        fields = tuple(column.get("field") or "" for column in content["inputs"])
        outputs = {column["field"] for column in content["outputs"]}
        return Table(str(node["id"]), name, rows, fields, {"outcome", "clause"} <= outputs)

    def _row(self, content: dict[str, Any], row: dict[str, Any], table: str) -> Row:
        """Read one row; a cell that the engine cannot parse would silently never match, so it is an error here."""
        inputs, cells, outputs, formulas = dict[str, str](), [], dict[str, Any](), []
        for column in content["inputs"]:
            cell, field = str(row.get(column["id"]) or "").strip(), str(column.get("field") or "")
            if not cell or cell == "-":
                continue
            if not (_is_condition(cell) if field else zen.validate_expression(cell) is None):
                raise self._wrong(f"row {row['_id']}, {column['name']}: {cell!r} is no condition")
            inputs[column["name"]] = cell
            cells.append((field, cell))
        for column in content["outputs"]:
            cell = str(row.get(column["id"]) or "").strip() or "null"
            if zen.validate_expression(cell):
                raise self._wrong(f"row {row['_id']}, {column['name']}: {cell!r} is no value")
            outputs[column["field"]] = _literal(cell)
            formulas.append(cell)
        return Row(
            str(row["_id"]), row.get("_description") or "", inputs, tuple(cells), outputs, tuple(formulas), table
        )

    def _cells(self) -> Iterator[str]:
        yield from self._switches
        for table in self.tables:
            for row in table.rows:
                yield from (cell for _, cell in row.cells)
                yield from row.formulas

    def _check_stated(self) -> None:
        """What a pack is checked by must be written out: an outcome or clause that is computed could be anything."""
        for row in self.rows:
            for name in STATED:
                value = row.outputs.get(name)
                if not isinstance(value, str | None) or (value is None and name in ("outcome", "clause")):
                    raise self._wrong(f"row {row.id}, {name}: must be a text such as 'refused'")

    def _wrong(self, problem: str, *, fix: str = "correct the table in the GoRules editor") -> MalformedInput:
        return MalformedInput(problem, field=self.where, fix=fix)


def _is_condition(cell: str) -> bool:
    """Tell whether the engine can parse a cell; the engine's own check knows whole expressions only, not `> 30`."""
    try:
        zen.evaluate_unary_expression(cell, {"$": None})
    except RuntimeError as error:
        return '"type":"vmError"' in str(error)  # parsed, but null is not of the type that the cell compares with
    return True


def _literal(cell: str) -> Any:
    """Give a cell's value, None when it depends on the request."""
    try:
        return zen.evaluate_expression(cell, {})
    except RuntimeError:
        return None


def _short(error: RuntimeError) -> str:
    """Give the engine's own words without its stack."""
    words = str(error).split("Stack backtrace")[0].strip().replace("\n", " ")
    try:
        told = json.loads(words)
    except ValueError:
        return words
    return str(told.get("source") or words) if isinstance(told, dict) else words
