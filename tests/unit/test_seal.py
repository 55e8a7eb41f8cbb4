"""Personal values are sealed in a body, and nothing else in it changes."""

import os
from pathlib import Path
from typing import Annotated

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts import catalogue
from shared.contracts.event import REGISTRY, Fact, Part, Personal, PersonalMark, decode
from shared.eventstore.seal import (
    ERASED,
    UNREADABLE,
    Plan,
    SubjectKey,
    Unreadable,
    key_ids,
    open_body,
    open_document,
    open_text,
    plan_of,
    seal_body,
    seal_text,
    tag_of,
)
from shared.runtime.clock import new_id

assert catalogue.OWNERS
SAMPLES = sorted((Path(__file__).parent.parent / "contract" / "samples").rglob("*.json"))
KEY = SubjectKey(os.urandom(16), AESGCM(os.urandom(32)))
KEYS = {KEY.key_id: KEY.cipher}
ALL = [sample for sample in SAMPLES if sample.stem in REGISTRY]


def sample_of(path: Path) -> Fact:
    fact = decode(path.stem, path.read_bytes())
    assert fact is not None
    return fact


def subjects_of(fact: Fact) -> frozenset[str]:
    plan = plan_of(type(fact))
    return plan.subjects if plan else frozenset()


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_sample_opens_to_the_bytes_it_was_made_of_and_loads_sealed_or_erased(path: Path) -> None:
    fact, event = sample_of(path), new_id()
    stored = seal_body(fact, event, dict.fromkeys(subjects_of(fact), KEY))
    assert open_body(stored, KEYS, event) == fact.body()
    assert decode(path.stem, stored) is not None
    assert decode(path.stem, open_body(stored, {KEY.key_id: None}, event)) is not None
    assert decode(path.stem, seal_body(fact, event, dict.fromkeys(subjects_of(fact)))) is not None
    if plan_of(type(fact)) is None:
        assert stored == fact.body()


class Inner(Part):
    value: Personal
    plain: str = "kept"


class Deep(Fact):
    one: Personal | None = None
    many: tuple[Personal, ...] = ()
    whole: Annotated[tuple[str, ...], PersonalMark("owner_id")] = ()
    named: dict[str, Personal] | None = None
    inner: tuple[Inner, ...] = ()
    number: int = 7


DEEP = Deep(one="aa", many=("bb", "cc"), whole=("dd",), named={"first": "ee"}, inner=(Inner(value="ff"),))


def test_values_in_parts_tuples_options_and_maps_are_sealed() -> None:
    event = new_id()
    stored = seal_body(DEEP, event, {"customer_id": KEY, "owner_id": KEY})
    assert not [word for word in ("aa", "bb", "cc", "dd", "ee", "ff") if f'"{word}"' in stored.decode()]
    assert b'"plain":"kept"' in stored
    assert stored.count(b"sealed:1:") == 6
    assert open_body(stored, KEYS, event) == DEEP.body()


def test_each_value_is_sealed_with_the_key_of_whom_it_is_about() -> None:
    other = SubjectKey(os.urandom(16), AESGCM(os.urandom(32)))
    stored = seal_body(DEEP, new_id(), {"customer_id": KEY, "owner_id": other})
    assert key_ids([stored]) == {KEY.key_id, other.key_id}


def test_a_value_moved_to_another_event_or_field_does_not_open() -> None:
    event = new_id()
    stored = seal_body(Deep(one="secret"), event, {"customer_id": KEY, "owner_id": KEY})
    assert open_body(stored, KEYS, new_id()) == stored
    moved = stored.replace(b'"one"', b'"two"')
    assert open_body(moved, KEYS, event) == moved


def test_another_key_and_a_changed_value_do_not_open() -> None:
    event = new_id()
    stored = seal_body(Deep(one="secret"), event, {"customer_id": KEY, "owner_id": KEY})
    with pytest.raises(Unreadable):
        open_body(stored, {KEY.key_id: AESGCM(os.urandom(32))}, event)
    with pytest.raises(Unreadable):
        open_body(stored, {}, event)
    place = stored.index(b'","many') - 4
    changed = stored[:place] + (b"A" if stored[place : place + 1] != b"A" else b"B") + stored[place + 1 :]
    with pytest.raises(Unreadable):
        open_body(changed, KEYS, event)


def test_tokens_open_wherever_they_stand_in_a_text_shortened_where_they_say_so() -> None:
    token = seal_text(KEY, 'he said "never"\nand left', new_id().bytes, tag_of("text"))
    assert open_text(f"wrote: {token}, twice", KEYS) == 'wrote: he said "never"\nand left, twice'
    assert open_text(f"{token};10", KEYS) == 'he said "…'
    assert open_document(b'{"a":"' + token.encode() + b'"}', KEYS) == rb'{"a":"he said \"never\"\nand left"}'
    assert open_text(token, {KEY.key_id: None}) == ERASED
    assert open_text(token, {}) == UNREADABLE


def test_text_that_looks_like_a_token_is_sealed_like_any_other() -> None:
    inner = seal_text(KEY, "of somebody else", new_id().bytes, tag_of("one"))
    event = new_id()
    stored = seal_body(Deep(one=inner), event, {"customer_id": KEY, "owner_id": KEY})
    assert open_body(stored, KEYS, event) == Deep(one=inner).body()


def test_a_mark_on_what_is_not_text_is_refused() -> None:
    class Wrong(Fact):
        age: Annotated[int, PersonalMark()]

    with pytest.raises(TypeError, match="age: only texts"):
        plan_of(Wrong)


def test_a_class_without_personal_fields_has_no_plan() -> None:
    plan = plan_of(Deep)
    assert isinstance(plan, Plan)
    assert plan.subjects == {"customer_id", "owner_id"}

    class Plain(Fact):
        code: str

    assert plan_of(Plain) is None
    assert seal_body(Plain(code="x"), new_id(), {}) == b'{"code":"x"}'
