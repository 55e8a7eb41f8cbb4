"""Sealing changes nothing but who can read it."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from shared.contracts.event import Fact, Part, Personal
from shared.eventstore.seal import (
    ERASED,
    SubjectKey,
    key_ids,
    open_body,
    open_document,
    open_text,
    seal_body,
    seal_text,
    tag_of,
)
from shared.runtime.clock import new_id

KEY = SubjectKey(os.urandom(16), AESGCM(os.urandom(32)))
KEYS = {KEY.key_id: KEY.cipher}
GONE = {KEY.key_id: None}
TEXTS = st.text(alphabet=st.characters(codec="utf-8"))


class Line(Part):
    said: Personal
    code: str


class Said(Fact):
    code: str
    text: Personal
    share: float
    more: tuple[Line, ...] = ()


FACTS = st.builds(
    Said,
    code=TEXTS,
    text=TEXTS,
    share=st.floats(allow_nan=False, allow_infinity=False),
    more=st.lists(st.builds(Line, said=TEXTS, code=TEXTS), max_size=4).map(tuple),
)


@given(FACTS)
def test_what_is_sealed_opens_to_the_same_bytes(fact: Said) -> None:
    event = new_id()
    stored = seal_body(fact, event, {"customer_id": KEY})
    assert key_ids([stored]) == {KEY.key_id}
    assert open_body(stored, KEYS, event) == fact.body()


@given(FACTS)
def test_an_erased_fact_keeps_all_but_the_personal_texts(fact: Said) -> None:
    event = new_id()
    erased = open_body(seal_body(fact, event, {"customer_id": KEY}), GONE, event)
    more = tuple(Line(said=ERASED, code=line.code) for line in fact.more)
    assert erased == fact.model_copy(update={"text": ERASED, "more": more}).body()
    assert seal_body(fact, event, {"customer_id": None}) == erased


@given(TEXTS, TEXTS, TEXTS)
def test_a_token_opens_inside_any_text_and_any_document(before: str, secret: str, after: str) -> None:
    token = seal_text(KEY, secret, new_id().bytes, tag_of("text"))
    around = f"{before} {token} {after}"
    assert open_text(around, KEYS) == f"{before} {secret} {after}"
    assert from_json(open_document(to_json({"a": [around]}), KEYS)) == {"a": [f"{before} {secret} {after}"]}


@given(TEXTS, st.integers(0, 500), st.characters(max_codepoint=255))
def test_a_changed_token_shows_its_text_or_nothing_of_it(secret: str, place: int, other: str) -> None:
    secret = f"secret {secret}"
    token = seal_text(KEY, secret, new_id().bytes, tag_of("text"))
    at = place % len(token)
    shown = open_text(token[:at] + other + token[at + 1 :], KEYS)
    assert shown == secret or "secret" not in shown


@given(st.text(alphabet="ABCabc-_09", min_size=80, max_size=200), st.booleans())
def test_what_only_looks_like_a_token_breaks_nothing(looks: str, known: bool) -> None:
    token = f"sealed:1:{looks}"
    keys = dict.fromkeys(key_ids([token]), KEY.cipher) if known else KEYS
    body = to_json({"text": token})
    assert open_body(body, keys, new_id()) == body
    assert "sealed:1:" not in open_text(token, keys) or len(looks) < 86
    assert from_json(open_document(body, keys))
