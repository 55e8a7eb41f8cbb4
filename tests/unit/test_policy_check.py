"""`check` finds planted mistakes, and what it says of rows is what the rules engine does."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.adapters.decision_table import DecisionTable
from services.triage.adapters.pack_check import check_pack, holds, known_around
from services.triage.adapters.pack_files import read_pack_files
from services.triage.domain.policies.checking import Finding, Known
from services.triage.domain.policies.checking_tables import box_of, cover
from services.triage.domain.policies.value_classes import Line, fields_of, names_in
from tests.support.triage import POLICIES

PARCELS = Path(__file__).parent / "packs" / "parcels"
TODAY = date(2026, 11, 24)
POSTAGE, REDIRECT = "tables/refund_postage.json", "tables/redirect_parcel.json"
CLAUSES = "clauses.yaml"
SPARE = "- id: P-3\n  effective_from: 2026-01-01\n  text: {en: x}\n"
Change = Callable[[Path], None]


def cells(table: str, row: str, **changed: str) -> Change:
    """Change cells of a row."""

    def change(home: Path) -> None:
        document = json.loads((home / table).read_text("utf-8"))
        (found,) = [r for node in document["nodes"] for r in node["content"].get("rules", []) if r["_id"] == row]
        found.update(changed)
        (home / table).write_text(json.dumps(document), "utf-8")

    return change


def words(name: str, old: str, new: str) -> Change:
    """Change some words of a file."""

    def change(home: Path) -> None:
        before = (home / name).read_text("utf-8")
        assert old in before
        (home / name).write_text(before.replace(old, new, 1), "utf-8")

    return change


def without(table: str, row: str) -> Change:
    """Remove a row."""

    def change(home: Path) -> None:
        document = json.loads((home / table).read_text("utf-8"))
        for node in document["nodes"]:
            if "rules" in node["content"]:
                node["content"]["rules"] = [r for r in node["content"]["rules"] if r["_id"] != row]
        (home / table).write_text(json.dumps(document), "utf-8")

    return change


def found_in(home: Path, known: Known | None = None) -> list[Finding]:
    return check_pack(read_pack_files(home), TODAY, known)


SHIPPED = sorted(path.parent.name for path in POLICIES.glob("*/pack.yaml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_packs_have_neither_errors_nor_warnings(name: str) -> None:
    found = check_pack(read_pack_files(POLICIES / name), TODAY, known_around(POLICIES))
    assert [str(one) for one in found if one.severity != "note"] == []


MISTAKES = [
    (without(POSTAGE, "in-time"), "error", "table Refund of postage: no row matches hours_late = 23"),
    (cells(POSTAGE, "goodwill", c1="> 200"), "error", "goodwill: it is never reached: rows lost, late cover it"),
    (cells(POSTAGE, "goodwill", c1="[24..60]", o1="'refused'"), "warning", "late: it overlaps with row goodwill"),
    (cells(POSTAGE, "late", c3="'damaged'"), "note", "order decides between"),
    (cells(POSTAGE, "goodwill", o5="'duke'"), "error", "role duke is not in the authority matrix"),
    (cells(POSTAGE, "late", o6="parcle.postage"), "error", "row late: parcle.postage is no input"),
    (cells(REDIRECT, "member", o2="'P-9'"), "error", "clause P-9 is used by the table but not written"),
    (words(CLAUSES, "  alternatives:", "  owner: x\n  alternativen:"), "error", "alternativen"),
    (words(POSTAGE, "d(parcel.promised_at", "d(parzel.promised_at"), "error", "parzel.promised_at is no input"),
    (words(CLAUSES, "owner: operations", "effective_to: 2026-02-01"), "error", "P-1: it expired on 2026-02-01"),
    (words(CLAUSES, "owner: operations", "effective_to: 2025-01-01"), "error", "P-1: it ends before it begins"),
    (words(CLAUSES, "effective_from: 2026-01-01", "effective_from: 2027-01-01"), "warning", "P-1: it begins on 2027"),
    (words(CLAUSES, "- id: I-1", SPARE + "- id: I-1"), "warning", "P-3: no row uses it"),
    (words(CLAUSES, "was not late.", "was not late (clause Q-7)."), "error", "Q-7: a text cites this clause"),
    (lambda home: None, "warning", "P-2: no es: said in en instead"),
    (words("pack.yaml", "[refund]", "[refnud]"), "warning", "nothing is ever read as remedy refnud"),
    (words("pack.yaml", "parcel_id, parcel]", "parcel_id, customer]"), "error", "has no question for it"),
    (lambda home: (home / "replies" / "es.yaml").unlink(), "warning", "replies/es.yaml: whole file: missing"),
    (lambda home: shutil.copy(home / POSTAGE, home / "old.json"), "warning", "old.json: whole file: no action"),
    (lambda home: (home / "clocks.yaml").write_text("- {clause: P-7}\n"), "error", "clocks.yaml: 0.clause: clause P-7"),
    (lambda home: (home / "clocks.yaml").write_text("a: {calendar: x.yaml}\n"), "error", "there is no calendar x.yaml"),
    (lambda home: (home / "authority.yaml").write_text("clauses: {P-8: duke}\n"), "error", "P-8: no such clause"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "severity", "told"), MISTAKES, ids=[told for _, _, told in MISTAKES])
def test_a_planted_mistake_is_found(tmp_path: Path, change: Change, severity: str, told: str) -> None:
    home = tmp_path / "parcels"
    shutil.copytree(PARCELS, home)
    change(home)
    known = Known({"remedy": frozenset({"refund"})}, frozenset({"supervisor"}), frozenset({"y.yaml"}))
    found = found_in(home, known)
    assert any(one.severity == severity and told in str(one) for one in found), [str(one) for one in found]


def test_conditions_that_exclude_each_other_are_found() -> None:
    lines = [Line("never", (("n", "> 5"), ("n", "< 3")), ("a",)), Line("else", (), ("b",))]
    assert cover(lines, holds).impossible == ("never",)


def test_what_grows_too_big_is_sampled_and_said_so() -> None:
    lines = [Line(f"r{number}", ((f"a{number}", "true"), (f"b{number}", "true")), ()) for number in range(16)]
    told = cover(lines, holds)
    assert not told.exhaustive
    assert told.gap is not None


def test_a_need_that_no_rule_reads_is_told() -> None:
    assert any("needs arguments.reason, but no rule reads it" in str(one) for one in found_in(PARCELS))


def test_what_only_the_last_row_answers_is_told_apart() -> None:
    (told,) = [one for one in found_in(PARCELS) if one.place == "row in-time"]
    assert told.severity == "note"
    assert "2 of 8 combinations reach only this last row (refused)" in told.problem


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("d(parcel.at, zone).diff(d(now), 'hour') > len(a.items)", {"parcel.at", "zone", "now", "a.items"}),
        ("'other.word' in $ and not ($ == 3)", set()),
        ("some(order.items as one, one.id == wanted.id)", {"order.items", "wanted.id"}),
        ("map(pairs, {old: #.a, new: b})", {"pairs", "b"}),
        ("sum(map(x.y, #.price)) ?? 0", {"x.y"}),
    ],
)  # fmt: skip
def test_the_names_that_an_expression_reads(expression: str, names: set[str]) -> None:
    assert names_in(expression) == names


CELLS = {
    "n": ["", "> 3", "<= 3", "[2..5]", "5, 7", "null", "not in [1, 2]"],
    "s": ["", "'a'", "'a', 'b'", "not in ['a']", "null"],
    "t": ["", "'x' in $", "not ('x' in $)", "'x' in $ and 'y' in $"],
    "f": ["", "true", "false"],
}
VALUES: dict[str, list[Any]] = {
    "n": [None, 0, 1, 2, 2.5, 3, 3.5, 5, 6, 7],
    "s": [None, "a", "b", "c"],
    "t": [[], ["x"], ["y"], ["x", "y"]],
    "f": [True, False],
}
FIELDS = tuple(CELLS)
rows_of_cells = st.lists(st.tuples(*[st.sampled_from(CELLS[name]) for name in FIELDS]), min_size=1, max_size=6)
requests = st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in FIELDS})


def table(rows: list[tuple[str, ...]]) -> str:
    """Write a table with an own answer for each row."""
    rules: list[dict[str, str]] = [
        {"_id": f"r{number}", **dict(zip(FIELDS, row, strict=True)), "o": "'needs_person'", "c": f"'R-{number}'"}
        for number, row in enumerate(rows)
    ]
    columns = [{"id": name, "name": name, "field": name} for name in FIELDS]
    outputs = [{"id": "o", "name": "o", "field": "outcome"}, {"id": "c", "name": "c", "field": "clause"}]
    content = {"hitPolicy": "first", "inputs": columns, "outputs": outputs, "rules": rules}
    nodes: list[dict[str, Any]] = [
        {"id": "in", "type": "inputNode", "name": "in", "content": {}},
        {"id": "t", "type": "decisionTableNode", "name": "t", "content": content},
        {"id": "out", "type": "outputNode", "name": "out", "content": {}},
    ]
    edges = [{"id": a + b, "sourceId": a, "targetId": b, "type": "edge"} for a, b in (("in", "t"), ("t", "out"))]
    return json.dumps({"nodes": nodes, "edges": edges})


@settings(max_examples=60, deadline=None)
@given(rows_of_cells, st.lists(requests, min_size=1, max_size=25))
def test_what_it_says_of_rows_is_what_the_engine_does(rows: list[tuple[str, ...]], asked: list[dict[str, Any]]) -> None:
    engine = DecisionTable(table(rows), "t.json")
    lines = [Line(row.id, row.cells, (row.outputs["clause"],)) for row in engine.rows]
    told = cover(lines, holds)
    assert told.exhaustive
    dead = {row for row, _ in told.unreachable} | set(told.impossible)
    for request in asked:
        try:
            _, (passed,) = engine.evaluate(request)
        except LookupError:
            assert told.gap is not None, request
            continue
        assert passed.row is not None
        assert passed.row.id not in dead, request
    if told.gap is not None:
        gap = {**dict.fromkeys(FIELDS), **{name: told.gap[name] for name in FIELDS if name in told.gap}}
        with pytest.raises(LookupError):
            engine.evaluate(gap)


@settings(max_examples=60, deadline=None)
@given(rows_of_cells, requests)
def test_a_box_holds_what_the_cells_hold(rows: list[tuple[str, ...]], request: dict[str, Any]) -> None:
    lines = [
        Line(f"r{number}", tuple((name, cell) for name, cell in zip(FIELDS, row, strict=True) if cell), ())
        for number, row in enumerate(rows)
    ]
    fields = fields_of(lines, holds)
    for line in lines:
        box = box_of(line, fields)
        matches = all(holds(cell, request[name]) for name, cell in line.cells)
        inside = all(
            any(
                mask >> place & 1
                and all(holds(cell, value) == holds(cell, request[field.name]) for cell in field.holds)
                for place, value in enumerate(field.values)
            )
            for field, mask in zip(fields, box, strict=True)
            if mask != field.all
        )
        assert matches is inside
