"""A GoRules decision table, checked and compiled; zen-engine evaluates it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zen

from shared.kernel.errors import MalformedInput


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table as written: its id, what it is for, and its cells by input and output field."""

    id: str
    meaning: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, Any]


class DecisionTable:
    """One decision table of a JDM file, first match wins."""

    def __init__(self, path: Path) -> None:
        """Load a file; raises MalformedInput for a table that cannot be read, or a cell that is no expression."""
        self._path = path
        try:
            content = path.read_text(encoding="utf-8")
            document = json.loads(content)
        except OSError as error:
            raise self._wrong(f"cannot be read: {error.strerror}", fix="check the policy directory") from error
        except ValueError as error:
            raise self._wrong(f"is not JSON: {error}") from error
        try:
            tables = [node for node in document["nodes"] if node["type"] == "decisionTableNode"]
            (table,) = tables
            self.rows = tuple(self._row(table["content"], row) for row in table["content"]["rules"])
            self._node = str(table["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._wrong(f"must hold one decision table of GoRules' JSON ({error!r})") from error
        try:
            self._decision = zen.ZenEngine().create_decision(content)
        except RuntimeError as error:
            raise self._wrong(str(error).split("Stack backtrace")[0].strip().replace("\n", " ")) from error
        self._by_id = {row.id: row for row in self.rows}

    def evaluate(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], Row]:
        """Give the outputs of the first row that matches, and which row that is; raises LookupError when none does."""
        answer: Any = self._decision.evaluate(dict(inputs), {"trace": True})
        matched = answer["trace"].get(self._node, {}).get("traceData")
        if not matched:
            raise LookupError(f"no row of {self._path} matches {dict(inputs)}; add a last row without conditions")
        return dict(answer["result"]), self._by_id[matched["rule"]["_id"]]

    def _row(self, content: dict[str, Any], row: dict[str, Any]) -> Row:
        """Read one row; a cell that the engine cannot parse would silently never match, so it is an error here."""
        inputs, outputs = {}, {}
        for column in content["inputs"]:
            cell = row.get(column["id"], "")
            if not cell:
                continue
            if not _is_condition(cell):
                raise self._wrong(f"row {row['_id']}, {column['name']}: {cell!r} is no condition")
            inputs[column["name"]] = cell
        for column in content["outputs"]:
            cell = row.get(column["id"], "")
            if zen.validate_expression(cell or "null"):
                raise self._wrong(f"row {row['_id']}, {column['name']}: {cell!r} is no value")
            outputs[column["field"]] = zen.evaluate_expression(cell or "null")
        return Row(row["_id"], row.get("_description", ""), inputs, outputs)

    def _wrong(self, problem: str, *, fix: str = "correct the table in the GoRules editor") -> MalformedInput:
        return MalformedInput(problem, field=str(self._path), fix=fix)


def _is_condition(cell: str) -> bool:
    """Tell whether the engine can parse a cell; the engine's own check knows whole expressions only, not `> 30`."""
    try:
        zen.evaluate_unary_expression(cell, {"$": None})
    except RuntimeError as error:
        return '"type":"vmError"' in str(error)  # parsed, but null is not of the type that the cell compares with
    return True
