"""Checks a pack's files: loads them, lays the tables out, and asks the pure checks with the engine's own eyes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
import zen

from services.triage.adapters.decision_table import DecisionTable, Row, Table
from services.triage.adapters.pack_files import PackFiles
from services.triage.adapters.policy_pack import ClausesFile, PolicyPack
from services.triage.adapters.policy_store import BUSINESS, PackKind
from services.triage.domain.policies import checking
from services.triage.domain.policies.checking import Finding, Known, TableView
from services.triage.domain.policies.checking_tables import cover
from services.triage.domain.policies.pack import PackFile
from services.triage.domain.policies.value_classes import STRINGS, Line, names_in
from shared.kernel.errors import MalformedInput

OWN_FILES = frozenset({"pack.yaml", "clauses.yaml", "authority.yaml"})
ORDER = {"error": 0, "warning": 1, "note": 2}


def check_pack(files: PackFiles, today: date, known: Known | None = None) -> list[Finding]:
    """Give everything that is wrong or worth knowing, errors first. A pack that does not load gives what keeps it from
    loading, and nothing else, since nothing else can be relied on.
    """
    around = known or Known()
    try:
        found = list(_business(files, today, around) if _kind(files) == BUSINESS else _statutory(files, today))
        found += _references(files, around)
    except MalformedInput as error:
        file, _, place = (error.field or files.where).removeprefix(f"{files.where}/").partition(": ")
        file = "pack" if file == files.where else file
        found = [
            Finding("error", file, place or "whole file", problem, error.fix or "")
            for problem in error.problem.split("; ")
        ]
    return sorted(found, key=lambda one: ORDER[one.severity])


def known_around(policy_dir: Path) -> Known:
    """Read what packs refer to from the files beside them: the words of assessment, the roles of the matrix."""
    words: dict[str, frozenset[str]] = {}
    outline = _yaml(policy_dir / "assessment" / "outline.yaml") or {}
    for field, name in (("kind", "kinds"), ("remedy", "remedies"), ("tone", "tones")):
        words[field] = frozenset(outline.get(name) or ())
    topics = _yaml(policy_dir / "assessment" / "topics.yaml") or []
    words["topics"] = frozenset(rule["gives"] for rule in topics if isinstance(rule, dict) and "gives" in rule)
    matrix = _yaml(policy_dir / "authority" / "matrix.yaml") or {}
    files = frozenset(path.relative_to(policy_dir).as_posix() for path in policy_dir.rglob("*.yaml"))
    return Known({k: v for k, v in words.items() if v}, frozenset(matrix.get("roles") or ()), files)


def _kind(files: PackFiles) -> str:
    return files.parsed("pack.yaml", PackKind).kind


def _business(files: PackFiles, today: date, known: Known) -> Iterator[Finding]:
    pack = PolicyPack(files)
    facts = pack.facts
    cited = [one for text in facts.appeal.values() for one in checking.CITED.findall(text)]
    yield from checking.check_clauses(facts, pack.written, pack.used, cited, today)
    views = [view for path, table in pack.tables.items() for view in _views(path, table)]
    for view in views:
        yield from checking.check_table(facts, view, known)
    yield from checking.check_actions(facts, views, known)
    for language in facts.languages:
        if language not in pack.wording.replies:
            problem = f"missing: customers are answered in {facts.fallback_language} instead"
            yield Finding("warning", f"replies/{language}.yaml", "whole file", problem, "write it")
    if pack.authorities:
        roles = {"": pack.authorities.default} if pack.authorities.default else {}
        yield from checking.check_authorities({**roles, **pack.authorities.clauses}, pack.clauses, known)
    used = {"table.json"} if not facts.actions else {action.table for action in facts.actions.values()}
    for path in files.files:
        if path.endswith(".json") and path not in used:
            yield Finding("warning", path, "whole file", "no action names this table", "name it, or remove the file")


def _statutory(files: PackFiles, today: date) -> Iterator[Finding]:
    facts = files.parsed("pack.yaml", PackFile)
    clauses = files.parsed("clauses.yaml", ClausesFile).root
    cited = [clause.id for clause in clauses]  # a statutory clause stands by itself: clocks and letters rest on it
    yield from checking.check_clauses(facts, clauses, {}, cited, today)


def _references(files: PackFiles, known: Known) -> Iterator[Finding]:
    clauses = frozenset(clause.id for clause in files.parsed("clauses.yaml", ClausesFile).root)
    for path, text in files.files.items():
        if path.endswith((".yaml", ".yml")) and path not in OWN_FILES and not path.startswith("replies/"):
            try:
                content = yaml.safe_load(text)
            except yaml.YAMLError as error:
                yield Finding("error", path, "whole file", f"is not YAML: {' '.join(str(error).split())}", "correct it")
            else:
                yield from checking.check_references(path, content, clauses, known)


def _views(path: str, graph: DecisionTable) -> Iterator[TableView]:
    derived = set(graph.expressions)
    for table in graph.tables:
        derived |= {name for row in table.rows[:1] for name in row.outputs} if not table.answers else set()
    expressions = checking.derived_names(graph.expressions)
    for number, table in enumerate(graph.tables):
        reads = {f"row {row.id}": _read_by(row) for row in table.rows}
        yield TableView(
            file=path,
            name=table.name,
            reads={**reads, **(expressions if number == 0 else {})},
            derives=frozenset(derived),
            rows=[{"id": row.id, "outputs": row.outputs, "words": _words(row)} for row in table.rows],
            coverage=cover([_line(row, table) for row in table.rows], holds),
            answers=table.answers,
        )


def _line(row: Row, table: Table) -> Line:
    answer = (str(row.outputs.get("outcome")), str(row.outputs.get("clause"))) if table.answers else (row.id,)
    return Line(row.id, row.cells, answer)


def _read_by(row: Row) -> frozenset[str]:
    names = {field for field, _ in row.cells if field}
    for text in (*(cell for _, cell in row.cells), *row.formulas):
        names |= names_in(text)
    return frozenset(names)


def _words(row: Row) -> Mapping[str, Iterable[str]]:
    return {field: [a or b for a, b in STRINGS.findall(cell)] for field, cell in row.cells if field}


def holds(cell: str, value: Any) -> bool:
    """Tell whether a cell holds for a value; a value of another type than the cell compares with does not meet it."""
    try:
        return bool(zen.evaluate_unary_expression(cell, {"$": value}))
    except RuntimeError:
        return False


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
