"""Every body ever released still loads, and the newest versions are written back to the byte."""

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.docs.samples import SAMPLES, Sample, example_of, released
from deploy.docs.schemas import frozen
from shared.contracts.event import REGISTRY, UPCASTERS, decode

ALL = released()
NEWEST = [sample for sample in ALL if sample.wire_type not in UPCASTERS]
each = pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)
each_newest = pytest.mark.parametrize("sample", NEWEST, ids=lambda sample: sample.name)


@cache
def validator(wire_type: str) -> Draft202012Validator:
    schema = frozen()[wire_type]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("wire_type", sorted(REGISTRY.keys() | UPCASTERS.keys()))
def test_every_type_has_a_sample(wire_type: str) -> None:
    assert example_of(wire_type, ALL)


def test_a_type_without_a_sample_is_named() -> None:
    with pytest.raises(LookupError, match=r"tests/contract/samples/intake\.case_lost\.v1\.json is missing"):
        example_of("intake.case_lost.v1", ALL)


@each
def test_it_still_loads(sample: Sample) -> None:
    assert decode(sample.wire_type, sample.body) is not None


@each_newest
def test_it_is_written_back_to_the_byte(sample: Sample) -> None:
    fact = decode(sample.wire_type, sample.body)
    assert fact is not None
    assert sample.wire_type == fact.TYPE
    assert fact.body() == sample.body


@each
def test_it_fits_its_schema(sample: Sample) -> None:
    assert [error.message for error in validator(sample.wire_type).iter_errors(json.loads(sample.body))] == []


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_every_field_is_shown_by_some_sample(wire_type: str) -> None:
    shown = {field for sample in ALL if sample.wire_type == wire_type for field in json.loads(sample.body)}
    schema = frozen()[wire_type]
    assert {name for name in schema["properties"] if name not in shown} == set()


@each_newest
def test_it_loads_without_what_may_be_absent(sample: Sample) -> None:
    body = _bare(json.loads(sample.body), schema := frozen()[sample.wire_type], schema.get("$defs", {}))
    fact = decode(sample.wire_type, json.dumps(body).encode())
    assert fact is not None
    assert decode(sample.wire_type, fact.body()) == fact
    assert not list(validator(sample.wire_type).iter_errors(json.loads(fact.body())))


@each_newest
def test_fields_that_we_do_not_know_are_passed_over(sample: Sample) -> None:
    body = json.loads(sample.body)
    later = {key: value | {"later": 1} if isinstance(value, dict) else value for key, value in body.items()}
    assert decode(sample.wire_type, json.dumps(later | {"added_later": {"a": [1]}}).encode()) == decode(
        sample.wire_type, sample.body
    )


def test_a_type_that_we_do_not_know_is_nobodys_fact() -> None:
    assert decode("intake.case_lost.v1", b'{"case_id": "no matter"}') is None
    assert decode("intake.case_opened.v999", b"") is None


def test_a_sample_file_holds_one_line() -> None:
    untidy = [path.name for path in SAMPLES.glob("*.json") if path.read_bytes().count(b"\n") != 1]
    assert untidy == []


def _bare(value: Any, schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    """Take away every field that the schema does not require, at every depth."""
    if "$ref" in schema:
        return _bare(value, parts[schema["$ref"].rpartition("/")[2]], parts)
    if schema.get("type") == "array":
        return [_bare(item, schema["items"], parts) for item in value]
    if schema.get("type") == "object":
        return {name: _bare(value[name], schema["properties"][name], parts) for name in schema.get("required", ())}
    return value
