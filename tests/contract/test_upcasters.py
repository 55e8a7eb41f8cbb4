"""Older versions are lifted to the newest on reading, and no lift leads nowhere."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from deploy.docs.samples import released
from shared.contracts import catalogue
from shared.contracts.event import REGISTRY, UPCASTERS, CaseFact, Upcaster, decode, published, upcasts

CASE = "0190a000-0000-7000-8000-000000000001"


def dead_ends(upcasters: Mapping[str, tuple[str, Upcaster]], types: Mapping[str, Any]) -> list[str]:
    """Name every lift that does not end at a class, or does not go up by exactly one version."""
    wrong = []
    for old, (new, _) in upcasters.items():
        name, version = _version(old)
        if _version(new) != (name, version + 1):
            wrong.append(f"{old} is lifted to {new}, not to {name}.v{version + 1}")
        elif new not in upcasters and new not in types:
            wrong.append(f"{old} is lifted to {new}, which no class is registered for")
    return wrong


def _version(wire_type: str) -> tuple[str, int]:
    parts = re.fullmatch(r"(\w+\.\w+)\.v(\d+)", wire_type)
    assert parts is not None, f"{wire_type} is not owner.fact.vN"
    return parts[1], int(parts[2])


@contextmanager
def registry_left_as_it_was() -> Iterator[None]:
    types, lifts = dict(REGISTRY), dict(UPCASTERS)
    try:
        yield
    finally:
        REGISTRY.clear()
        REGISTRY.update(types)
        UPCASTERS.clear()
        UPCASTERS.update(lifts)


@pytest.fixture
def lifted() -> Iterator[None]:
    """A made-up fact in its third version: `mood` became a number, then got its unit."""
    with registry_left_as_it_was():

        @published("intake.mood_noted.v2")
        class MoodNoted(CaseFact):
            mood: int
            unit: str

        @upcasts("intake.mood_noted.v0", "intake.mood_noted.v1")
        def count(body: dict[str, Any]) -> dict[str, Any]:
            return body | {"mood": {"bad": 0, "good": 1}[body["mood"]]}

        @upcasts("intake.mood_noted.v1", "intake.mood_noted.v2")
        def name_unit(body: dict[str, Any]) -> dict[str, Any]:
            return body | {"mood": body["mood"] * 100, "unit": "percent"}

        yield


def test_every_lift_goes_up_one_version_and_ends_at_a_class() -> None:
    assert catalogue.MODULES
    assert dead_ends(UPCASTERS, REGISTRY) == []


def test_every_lifted_version_keeps_a_sample() -> None:
    assert UPCASTERS.keys() - {sample.wire_type for sample in released()} == set()


@pytest.mark.usefixtures("lifted")
@pytest.mark.parametrize(
    ("wire_type", "body"),
    [
        ("intake.mood_noted.v0", '"mood": "good"'),
        ("intake.mood_noted.v1", '"mood": 1'),
        ("intake.mood_noted.v2", '"mood": 100, "unit": "percent"'),
    ],
)
def test_every_version_reads_as_the_newest(wire_type: str, body: str) -> None:
    fact = decode(wire_type, f'{{"case_id": "{CASE}", {body}}}'.encode())
    assert fact is not None
    assert fact.TYPE == "intake.mood_noted.v2"
    assert fact.model_dump() == {"case_id": UUID(CASE), "mood": 100, "unit": "percent"}


@pytest.mark.usefixtures("lifted")
def test_a_chain_that_holds_has_no_dead_end() -> None:
    assert dead_ends(UPCASTERS, REGISTRY) == []


@pytest.mark.usefixtures("lifted")
def test_a_lift_to_a_class_that_is_missing_is_found() -> None:
    del REGISTRY["intake.mood_noted.v2"]
    assert dead_ends(UPCASTERS, REGISTRY) == [
        "intake.mood_noted.v1 is lifted to intake.mood_noted.v2, which no class is registered for"
    ]


def test_a_lift_that_skips_a_version_or_goes_in_a_circle_is_found() -> None:
    def same(body: dict[str, Any]) -> dict[str, Any]:
        return body

    skipping = {"intake.case_opened.v0": ("intake.case_opened.v2", same)}
    assert dead_ends(skipping, REGISTRY) == [
        "intake.case_opened.v0 is lifted to intake.case_opened.v2, not to intake.case_opened.v1"
    ]
    circle = {"intake.case_opened.v0": ("intake.case_opened.v0", same)}
    assert len(dead_ends(circle, REGISTRY)) == 1


def test_the_registry_is_clean_after_these_tests() -> None:
    assert not [wire for wire in (*REGISTRY, *UPCASTERS) if "mood" in wire]


def test_a_wire_type_is_registered_once() -> None:
    with registry_left_as_it_was(), pytest.raises(ValueError, match=r"intake\.case_opened\.v1 is registered twice"):
        published("intake.case_opened.v1")(CaseFact)
