"""Finds what is wrong with a pack before a customer does: clauses, references, languages, and rows of its tables."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from services.triage.domain.policies.checking_tables import Coverage
from services.triage.domain.policies.pack import Clause, PackFile, Texts, Used, said_of
from services.triage.domain.policies.value_classes import KEYWORDS, names_in

Severity = Literal["error", "warning", "note"]
CITED = re.compile(r"(?:[Cc]lauses?|[Cc]láusulas?|[Kk]lauseln?)\s+([A-Z]+-[0-9]+)")
READING = frozenset(
    {
        *("kind", "kinds", "remedy", "topics", "tone", "urgency", "emergency", "appeals", "confidence"),
        *("amount", "currency", "days_since_purchase"),
    }
)
GIVEN = frozenset(
    {"action", "arguments", "customer", "claims", "now", "today", "zone", "channel", "language", "reading"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: in which file, at which row, clause or field, what is wrong, and what puts it right."""

    severity: Severity
    file: str
    place: str
    problem: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.problem}" + (f"; {self.fix}" if self.fix else "")


@dataclass(frozen=True, slots=True)
class TableView:
    """One table of a pack for the check: what its columns and expressions read, and what its rows cover.

    `reads` are dotted names by the place that reads them; `derives` are names that nodes of the graph give.
    """

    file: str
    name: str
    reads: Mapping[str, frozenset[str]]
    derives: frozenset[str]
    rows: Sequence[Mapping[str, Any]]
    coverage: Coverage
    answers: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What lies around a pack: the words of assessment by field, roles, files below; what is empty is unknown."""

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


def check_clauses(
    pack: PackFile, clauses: Sequence[Clause], used: Used, cited: Iterable[str], today: date
) -> Iterator[Finding]:
    """Check dates, use, citations, and the languages of clauses. `cited` are ids named by texts around the clauses."""
    by_id = {clause.id: clause for clause in clauses}
    named = {one for clause in clauses for text in _texts(clause) for one in CITED.findall(text)} | set(cited)
    for one in sorted(named - by_id.keys()):
        yield Finding("error", "clauses.yaml", one, "a text cites this clause, but it is not written", "write it")
    for clause in clauses:
        outcomes = used.get(clause.id, set())
        if clause.effective_to and clause.effective_to < clause.effective_from:
            yield Finding("error", "clauses.yaml", clause.id, "it ends before it begins", "correct effective_to")
        elif clause.effective_to and clause.effective_to < today and outcomes:
            fix = "remove the rows that use it, or extend it"
            yield Finding("error", "clauses.yaml", clause.id, f"it expired on {clause.effective_to}", fix)
        if clause.effective_from > max(today, pack.effective) and outcomes:
            problem = f"it begins on {clause.effective_from}, after the pack"
            yield Finding("warning", "clauses.yaml", clause.id, problem, "publish the version from that day on")
        if not outcomes and clause.id not in named and clause.id != pack.otherwise:
            yield Finding("warning", "clauses.yaml", clause.id, "no row uses it and no text cites it", "remove it")
        for language in pack.languages:
            absent = [name for name, texts in said_of(clause, pack, outcomes) if not texts.get(language)]
            if absent:
                problem = f"no {language}: said in {pack.fallback_language} instead ({', '.join(absent)})"
                yield Finding("warning", "clauses.yaml", clause.id, problem, "translate it")


def check_actions(pack: PackFile, tables: Sequence[TableView], known: Known) -> Iterator[Finding]:
    """Check that what actions need is used, and that the words that lead to them exist."""
    for name, action in pack.actions.items():
        own = [table for table in tables if table.file == action.table]
        read = {one for table in own for names in table.reads.values() for one in names}
        read |= {f"arguments.{kind.by}" for kind in pack.records.values() if kind.by}
        for need in action.needs:
            if not any(_within(one, need) or _within(need, one) for one in read):
                severity: Severity = "warning" if need in pack.records else "note"  # some arguments are for acting
                fix = "remove it from needs, or decide by it"
                yield Finding(severity, "pack.yaml", f"action {name}", f"needs {need}, but no rule reads it", fix)
        for need in action.needs:
            yield from _questions(pack, f"action {name}", need, action.ask)
        for group, words in (("remedy", action.asked_by.remedies), ("kind", action.asked_by.kinds)):
            yield from _words(known, group, words, "pack.yaml", f"action {name}")
        yield from _words(known, "topics", action.asked_by.topics, "pack.yaml", f"action {name}")
    for path in pack.questions:
        yield from _questions(pack, "questions", path, {})


def check_table(pack: PackFile, table: TableView, known: Known) -> Iterator[Finding]:
    """Check what a table's rows cover, the names it reads, and the words and roles that it names."""
    inputs = GIVEN | set(pack.records) | table.derives | (frozenset() if pack.actions else READING)
    for place, names in table.reads.items():
        for name in sorted(names):
            if name.split(".")[0] not in inputs:
                fix = f"use one of {', '.join(sorted(inputs))}"
                yield Finding("error", table.file, place, f"{name} is no input", fix)
    for row in table.rows:
        role = row["outputs"].get("role")
        if role and known.roles and role not in known.roles:
            fix = f"use one of {', '.join(sorted(known.roles))}"
            yield Finding("error", table.file, f"row {row['id']}", f"role {role} is not in the authority matrix", fix)
        for column, words in row["words"].items():
            yield from _words(known, _vocabulary(column), words, table.file, f"row {row['id']}")
    yield from _rows(table)


def _rows(table: TableView) -> Iterator[Finding]:
    found, where = table.coverage, table.file
    for row in found.impossible:
        yield Finding("error", where, f"row {row}", "its conditions exclude each other", "correct a cell, or remove it")
    for row, earlier in found.unreachable:
        problem = f"it is never reached: {_listed(earlier)} cover{'s' if len(earlier) == 1 else ''} it"
        yield Finding("error", where, f"row {row}", problem, "move it up, or remove it")
    for one, other, common in found.crossing:
        problem = f"it overlaps with row {other}, which answers otherwise, for {said(common)}"
        yield Finding("warning", where, f"row {one}", problem, "part them, or make one of them more special")
    if found.gap is not None and table.answers:
        unknown = any(value is None for value in found.gap.values())
        yield Finding(
            "warning" if unknown else "error",
            where,
            f"table {table.name}",
            f"no row matches {said(found.gap)}",
            "add a row, or a last row without conditions",
        )
    if found.last:
        last = table.rows[-1]
        problem = f"{found.last} of {found.combinations} combinations reach only this last row"
        problem += f" ({last['outputs'].get('outcome', 'no outcome')}), such as {said(found.last_example or {})}"
        yield Finding("note", where, f"row {last['id']}", problem)
    if found.overlaps:
        yield Finding("note", where, f"table {table.name}", f"order decides between {found.overlaps} pairs of rows")
    how = "all" if found.exhaustive else "a sample of"
    rows = len(table.rows)
    yield Finding(
        "note", where, f"table {table.name}", f"{rows} rows checked on {how} {found.combinations} combinations"
    )


def check_authorities(roles: Mapping[str, str], clauses: Iterable[str], known: Known) -> Iterator[Finding]:
    """Check authority.yaml: `roles` by clause, the default under an empty name."""
    for clause, role in roles.items():
        if clause and clause not in set(clauses):
            yield Finding("error", "authority.yaml", clause, "no such clause is written", "correct the id")
        if known.roles and role not in known.roles:
            fix = f"use one of {', '.join(sorted(known.roles))}"
            yield Finding("error", "authority.yaml", clause or "default", f"role {role} is not in the matrix", fix)


def check_references(
    file: str, content: Any, clauses: frozenset[str], known: Known, path: str = ""
) -> Iterator[Finding]:
    """Check the calendars and clauses that any other file of a pack names, wherever they stand in it."""
    match content:
        case dict():
            for name, value in content.items():
                place = f"{path}.{name}" if path else str(name)
                if name == "calendar" and isinstance(value, str) and known.files and value not in known.files:
                    fix = "name a file below the policy directory, such as calendars/default.yaml"
                    yield Finding("error", file, place, f"there is no calendar {value}", fix)
                elif name == "clause" and isinstance(value, str) and value not in clauses:
                    yield Finding("error", file, place, f"clause {value} is not written", "write it in clauses.yaml")
                else:
                    yield from check_references(file, value, clauses, known, place)
        case list():
            for number, value in enumerate(content):
                yield from check_references(file, value, clauses, known, f"{path}.{number}" if path else str(number))
        case _:
            return


def said(example: Mapping[str, Any]) -> str:
    """Say a combination of values in one line."""
    return ", ".join(f"{name} = {_value(value)}" for name, value in example.items()) or "anything"


def derived_names(expressions: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Give what each derived fact reads."""
    return {f"expression {name}": frozenset(names_in(text)) for name, text in expressions.items()}


def _value(value: Any) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(known: Known, group: str | None, words: Iterable[str], file: str, place: str) -> Iterator[Finding]:
    vocabulary = known.words.get(group or "")
    for word in words if vocabulary else ():
        if vocabulary and word not in vocabulary and word not in KEYWORDS:
            problem = f"nothing is ever read as {group} {word}"
            yield Finding("warning", file, place, problem, "correct the word, or add a rule that finds it")


def _vocabulary(column: str) -> str | None:
    plain = column.removeprefix("reading.")
    return {"kind": "kind", "kinds": "kind", "remedy": "remedy", "tone": "tone", "topics": "topics"}.get(plain)


def _questions(pack: PackFile, place: str, path: str, asks: Mapping[str, Texts]) -> Iterator[Finding]:
    texts = asks.get(path) or pack.questions.get(path)
    if texts is None:  # a record is asked for by its number's question
        return
    absent = [language for language in pack.languages if not texts.get(language)]
    if absent:
        problem = f"the question for {path} is missing in {', '.join(absent)}"
        yield Finding("warning", "pack.yaml", place, problem, "translate it")


def _texts(clause: Clause) -> Iterator[str]:
    for texts in (clause.text, clause.limit, clause.reason, clause.appeal, clause.what, clause.deviation):
        yield from (texts or {}).values()
    for offer in clause.alternatives:
        yield from (*offer.offer.values(), *offer.benefit.values())


def _within(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.")


def _listed(rows: Sequence[str]) -> str:
    shown = ", ".join(rows[:4])
    return f"row{'s' if len(rows) > 1 else ''} {shown}" + (f" and {len(rows) - 4} more" if len(rows) > 4 else "")
