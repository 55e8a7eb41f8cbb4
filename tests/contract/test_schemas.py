"""The form of every published fact is frozen: one optional field more, and nothing else, may come to it."""

import copy
from pathlib import Path
from typing import Any

import pytest

from deploy.docs import schemas
from deploy.docs.compatibility import breaks
from deploy.docs.wire_schema import schema_of
from shared.contracts.event import REGISTRY
from shared.contracts.triage import BoundaryStated

Schema = dict[str, Any]


def test_every_released_type_is_as_it_was_frozen() -> None:
    assert schemas.broken(schemas.frozen(), schemas.generated()) == []


def test_every_schema_file_says_what_its_class_says() -> None:
    assert schemas.drift() == []


def test_there_is_a_schema_for_every_type_and_no_other() -> None:
    assert schemas.frozen().keys() == REGISTRY.keys()


@pytest.fixture
def old() -> Schema:
    """The schema of a fact with every kind of field in it: text, marked text, a value, a list of values."""
    return schema_of(BoundaryStated)


@pytest.fixture
def new(old: Schema) -> Schema:
    return copy.deepcopy(old)


def test_an_optional_field_may_be_added(old: Schema, new: Schema) -> None:
    new["properties"]["heard_by"] = {"type": "string"}
    new["$defs"]["Alternative"]["properties"]["worth"] = {"$ref": "#/$defs/Money"}
    new["$defs"]["Money"] = {"type": "object"}
    assert breaks(old, new) == []


def test_a_text_may_be_marked_as_personal_later(old: Schema, new: Schema) -> None:
    new["properties"]["limit"]["x-personal"] = "customer_id"
    new["properties"]["rule"]["x-personal"] = "customer_id"
    assert breaks(old, new) == []
    assert len(breaks(new, old)) == 2


def test_prose_may_change(old: Schema, new: Schema) -> None:
    new["description"] = "Said better."
    new["$defs"]["ClauseRef"]["description"] = "Said better."
    assert breaks(old, new) == []


def test_a_field_named_like_a_keyword_is_a_field(old: Schema, new: Schema) -> None:
    old["properties"]["description"] = {"type": "string"}
    assert breaks(old, new) == ["description: was removed"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda s: s["properties"].pop("limit"), "limit: was removed"),
        (lambda s: s["properties"].update(heard_by={}) or s["required"].append("heard_by"), "heard_by: was added"),
        (lambda s: s["required"].remove("limit"), "limit: became optional"),
        (lambda s: s["required"].append("rule"), "rule: became required"),
        (lambda s: s["properties"]["limit"].update(type="integer"), "limit: type was 'string' and is 'integer'"),
        (lambda s: s["properties"]["limit"].update(minLength=5), "limit: minLength was 1 and is 5"),
        (lambda s: s["properties"]["text"].pop("x-personal"), "text: x-personal was 'customer_id' and is None"),
        (lambda s: s["properties"]["kind"].update(enum=["other"]), "kind: enum was None"),
        (lambda s: s["properties"]["alternatives"].update(items={}), "alternatives[items]: $ref was"),
        (lambda s: s["$defs"]["Alternative"]["properties"].pop("benefit"), "Alternative.benefit: was removed"),
        (lambda s: s.update(additionalProperties=False), "the type: additionalProperties was None and is False"),
    ],
)
def test_any_other_change_is_named(old: Schema, new: Schema, change: Any, complaint: str) -> None:
    change(new)
    assert [line for line in breaks(old, new) if line.startswith(complaint)]


def test_a_removed_type_is_named_with_the_fix(old: Schema) -> None:
    (line,) = schemas.broken({"triage.boundary_stated.v1": old}, {})
    assert line.startswith("triage.boundary_stated.v1: the class is gone")


def test_writing_refuses_to_overwrite_a_released_type_that_broke(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert schemas.main([], tmp_path) == 0
    released = tmp_path / "triage.boundary_stated.v1.json"
    before = released.read_text("utf-8").replace('"limit"', '"boundary"')
    released.write_text(before, "utf-8")
    assert schemas.main([], tmp_path) == 1
    assert released.read_text("utf-8") == before
    complaints = capsys.readouterr().err.splitlines()
    assert any(line.startswith("triage.boundary_stated.v1: boundary: was removed") for line in complaints)


def test_checking_names_a_file_that_is_missing_or_out_of_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schemas.main([], tmp_path)
    assert schemas.main(["--check"], tmp_path) == 0
    (tmp_path / "intake.case_opened.v1.json").unlink()
    stale = tmp_path / "intake.message_sent.v1.json"
    stale.write_text(stale.read_text("utf-8").replace("The business said", "We said"), "utf-8")
    assert schemas.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.splitlines() == [
        "intake.case_opened.v1: the schema file is missing (run: make schemas)",
        "intake.message_sent.v1: the schema file is out of date (run: make schemas)",
    ]


def test_a_field_that_is_personal_is_marked_with_whose_it_is(old: Schema) -> None:
    assert old["properties"]["text"]["x-personal"] == "customer_id"


def test_nothing_on_the_wire_is_null(old: Schema) -> None:
    assert all("null" not in schemas.text_of(schema) for schema in schemas.generated().values())
