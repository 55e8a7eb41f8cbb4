"""Two versions of a pack compared, and one answer explained row by row."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from deploy.local.cli.main import app
from deploy.local.cli.policy_explain import sentences
from services.triage.adapters.pack_text import explain, text_of
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.policies.diffing import PackText, RowText, compare
from tests.unit.test_policy_check import POSTAGE, REDIRECT, Change, cells, without, words
from tests.unit.test_policy_requests import PACK, PARCELS, parcel, refund

REQUESTS = {
    "id": "two",
    "requests": [
        {"request": json.loads(refund(parcel(delivered_at="2026-11-21T20:00:00")).model_dump_json())},
        {"request": json.loads(refund().model_dump_json()), "expect": {"outcome": "refused", "clause": "P-1"}},
        {"request": json.loads(refund().model_dump_json()), "only_if": {"request": 1, "outcome": "allowed"}},
    ],
}


def changed(tmp_path: Path, *changes: Change) -> Path:
    home = tmp_path / "parcels"
    shutil.copytree(PARCELS, home)
    for change in changes:
        change(home)
    return home


def swap(home: Path) -> None:
    """Let two rows change places."""
    document = json.loads((home / REDIRECT).read_text("utf-8"))
    rules = document["nodes"][1]["content"]["rules"]
    rules[0], rules[1] = rules[1], rules[0]
    (home / REDIRECT).write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (words("pack.yaml", 'version: "1"', 'version: "2"'), "pack, version: 1 → 2"),
        (words("clauses.yaml", "48 hours late", "24 hours late"), "clause P-1, text.en: Postage is refunded for a "),
        (words("clauses.yaml", "  owner: operations\n", ""), "clause P-1, owner: operations → nothing"),
        (words("clauses.yaml", "a day earlier", "soon"), "clause P-1, alternatives.0.benefit.en: it arrives a day"),
        (
            words("clauses.yaml", "2026-01-01\n  owner", "2026-03-01\n  owner"),
            "effective_from: 2026-01-01 → 2026-03",
        ),
        (cells(POSTAGE, "late", c1="> 24"), "row late, hours late: > 48 → > 24"),
        (cells(POSTAGE, "late", o3="5"), "row late, working_days: 3 → 5"),
        (cells(POSTAGE, "late", o6="3 * parcel.postage"), "row late, limit_value: parcel.postage → 3 * parcel.postage"),
        (without(POSTAGE, "goodwill"), "row goodwill: removed: meaning: Late by less"),
        (words(POSTAGE, "!= null", "== null"), "derived, delivered: parcel.delivered_at != null → parcel.delivered_at"),
        (swap, "row before: first, now after row member"),
        (words("replies/en.yaml", "right away", "at once"), "file: nothing → 2 lines differ"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_change_is_told_as_one_change(tmp_path: Path, change: Change, told: str) -> None:
    (found,) = compare(text_of(PACK), text_of(PolicyPack(changed(tmp_path, change))))
    assert told in str(found)
    (back,) = compare(text_of(PolicyPack(tmp_path / "parcels")), text_of(PACK))
    assert (back.file, back.field) == (found.file, found.field)


def test_nothing_differs_from_itself() -> None:
    assert compare(text_of(PACK), text_of(PACK)) == []


@given(st.permutations(range(7)))
def test_rows_that_moved_are_told_and_those_that_stayed_are_not(order: list[int]) -> None:
    same = text_of(PACK)

    def with_rows(numbers: list[int]) -> PackText:
        rows = {"t.json": [RowText(f"r{number}", "t", {}) for number in numbers]}
        return PackText(same.facts, same.clauses, {}, rows, same.texts)

    moved = compare(with_rows(list(range(7))), with_rows(order))
    assert bool(moved) is (order != list(range(7)))
    rest = {f"r{number}" for number in order} - {one.thing.removeprefix("row ") for one in moved}
    assert [f"r{number}" for number in order if f"r{number}" in rest] == sorted(rest)


def test_an_explanation_says_why_the_row_matched_and_the_earlier_ones_did_not() -> None:
    (told,) = explain(PACK, refund(parcel(delivered_at="2026-11-21T20:00:00")))
    assert (told.row, told.derived["hours_late"]) == ("goodwill", 32)
    assert [(over.row, over.field, over.condition, over.value) for over in told.passed_over] == [
        ("lost", "hours late", "> 168", 32),
        ("late", "hours late", "> 48", 32),
    ]
    first, *_, last = sentences(told)
    assert first.startswith("Row goodwill of table Refund of postage answered (Late by less: a supervisor may)")
    assert last == "  Row late did not (More than 48 hours late): hours late is 32 (> 48)."


def test_nothing_is_explained_by_tables_that_were_not_asked() -> None:
    assert explain(PACK, refund(arguments={})) == []


def invoke(*arguments: str, given: str | None = None) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["policy", *arguments], input=given)
    return result.exit_code, result.output


def test_requests_are_evaluated_from_a_file_and_held_against_what_it_expects(tmp_path: Path) -> None:
    file = tmp_path / "requests.json"
    file.write_text(json.dumps(REQUESTS), "utf-8")
    code, told = invoke("evaluate", str(file), "--policy", str(PARCELS))
    assert code == 0
    assert "2 requests: 1 refused, 1 discretionary; 1 of 1 as expected." in told
    code, told = invoke("evaluate", "-", "--policy", str(PARCELS), "--json", given=json.dumps(REQUESTS))
    assert [one and one["outcome"] for one in json.loads(told)["answers"]] == ["discretionary", "refused", None]


def test_a_difference_shows_which_requests_are_answered_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "requests.json"
    file.write_text(json.dumps(REQUESTS), "utf-8")
    home = changed(tmp_path, cells(POSTAGE, "late", c1="> 24"))
    code, told = invoke("diff", str(PARCELS), str(home), "--requests", str(file), "--json")
    found = json.loads(told)
    assert code == 0
    assert found["outcomes"] == [{"item": "two", "number": 0, "before": "discretionary P-1", "after": "allowed P-1"}]
    assert (len(found["changes"]), found["asked"]) == (1, 3)


def test_an_explanation_on_the_terminal_names_rows_and_values(tmp_path: Path) -> None:
    file = tmp_path / "requests.json"
    file.write_text(json.dumps(REQUESTS), "utf-8")
    code, told = invoke("explain", str(file), "--policy", str(PARCELS))
    assert code == 0
    assert "Row late did not (More than 48 hours late): hours late is 32 (> 48)." in told


def test_a_check_on_the_terminal_fails_on_errors_only(tmp_path: Path) -> None:
    assert invoke("check", str(PARCELS))[0] == 0
    code, told = invoke("check", str(changed(tmp_path, cells(POSTAGE, "goodwill", c1="> 200"))))
    assert code == 1
    assert "error tables/refund_postage.json: row goodwill: it is never reached" in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('{"polcy": "shop"}', "polcy"),
        ('{"policy": "shop", "now": "soon"}', "now"),
        ("{", "is not JSON"),
        ("[]", "holds no requests"),
        ('{"policy": "nonsense"}', "name a directory, or"),
        ('{"policy": "PARCELS", "action": "fly"}', "refund_postage, redirect_parcel"),
    ],
)
def test_a_request_that_cannot_be_read_names_the_field_and_the_fix(given: str, told: str) -> None:
    result = CliRunner().invoke(app, ["policy", "evaluate", "-"], input=given.replace("PARCELS", str(PARCELS)))
    assert result.exit_code != 0
    assert told in str(result.exception)
