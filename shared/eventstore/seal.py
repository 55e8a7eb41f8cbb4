"""Sealed values: where a fact's personal fields are, the tokens that stand for them, and opening tokens again; pure."""

import binascii
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, NamedTuple, get_args, get_origin
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from shared.contracts.event import REGISTRY, Fact, PersonalMark, Recorded

PREFIX = "sealed:1:"
ERASED = "[erased]"
ERASED_TEXT = f'"{ERASED}"'.encode()
UNREADABLE = "[unreadable]"
KEY_BYTES = 32
NONCE_BYTES = 12
NAME_BYTES = 4
HEADER_BYTES = 16 + 16 + NAME_BYTES
SHORTEST = -(-(HEADER_BYTES + NONCE_BYTES + 16) * 4 // 3)
TOKEN = re.compile(rf"{PREFIX}([A-Za-z0-9_-]{{{SHORTEST},}})(?:;(\d{{1,4}}))?")
TOKEN_BYTES = re.compile(TOKEN.pattern.encode())
FIELD_BYTES = re.compile(rb'(?:"(\w+)":)?"' + TOKEN.pattern.encode() + rb'"')
MARK = PREFIX.encode()
Keys = Mapping[bytes, AESGCM | None]
"""Data keys by key id; None where the key was destroyed."""


class Unreadable(Exception):
    """A sealed value does not open: its key is not in the vault, or it is not the value that was sealed."""


class SubjectKey(NamedTuple):
    """The data key of one subject, ready to use."""

    key_id: bytes
    cipher: AESGCM


class Place(NamedTuple):
    """A personal field: the fact's field that names whose key seals it, and the name that the token is bound to."""

    subject: str
    tag: bytes


@dataclass(frozen=True)
class Plan:
    """Where a fact class holds personal values. `subjects` are the fact's fields that name whose they are."""

    inside: tuple[tuple[str, "Place | Plan"], ...]
    subjects: frozenset[str]


@cache
def plan_of(cls: type[BaseModel]) -> Plan | None:
    """Compile where the personal values of a fact class or Part are, however deep; None when it has none.

    Raises TypeError for a mark on something that holds no text.
    """
    inside = []
    for name, field in cls.model_fields.items():
        mark = next((found for found in field.metadata if isinstance(found, PersonalMark)), None)
        found = _inside(name, field.annotation, mark)
        if mark and not found:
            raise TypeError(f"{name}: only texts can be personal; a sealed value is a text")
        if found is not None:
            inside.append((field.serialization_alias or field.alias or name, found))
    subjects = {
        subject for _, part in inside for subject in ([part.subject] if isinstance(part, Place) else part.subjects)
    }
    return Plan(tuple(inside), frozenset(subjects)) if inside else None


@cache
def may_be_sealed(wire_type: str) -> bool:
    """Tell whether bodies of this type may hold tokens; those of unknown and older types may."""
    cls = REGISTRY.get(wire_type)
    return cls is None or plan_of(cls) is not None


def _inside(name: str, annotation: Any, mark: PersonalMark | None) -> Place | Plan | None:
    """Find what is personal in a field's type; a mark counts for all texts in it."""
    if get_origin(annotation) is Annotated:
        own = next((found for found in annotation.__metadata__ if isinstance(found, PersonalMark)), mark)
        return _inside(name, annotation.__origin__, own)
    if annotation is str:
        return Place(mark.subject, tag_of(name)) if mark else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if mark:
            raise TypeError(f"{name}: mark the texts in {annotation.__name__}, not the whole of it")
        return plan_of(annotation)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict or get_origin(annotation) is Mapping:
        arguments = arguments[1:]
    found = [one for argument in arguments if (one := _inside(name, argument, mark)) is not None]
    if len(found) > 1 and any(one != found[0] for one in found):
        raise TypeError(f"{name}: a union must hold its personal values all in the same places")
    return found[0] if found else None


@cache
def tag_of(name: str) -> bytes:
    """Give the bytes that bind a token to the field of this name."""
    return sha256(name.encode()).digest()[:NAME_BYTES]


def seal_text(key: SubjectKey | None, text: str, event_id: bytes, tag: bytes) -> str:
    """Seal one text for an event (its id's 16 bytes) and a field (its tag); `[erased]` where the key is gone."""
    if key is None:
        return ERASED
    header = key.key_id + event_id + tag
    nonce = os.urandom(NONCE_BYTES)
    sealed = header + nonce + key.cipher.encrypt(nonce, text.encode(), header)
    return PREFIX + urlsafe_b64encode(sealed).rstrip(b"=").decode()


def seal_body(fact: Fact, event_id: UUID, keys: Mapping[str, SubjectKey | None]) -> bytes:
    """Give the body that is stored: as `fact.body()`, with a token for every personal value.

    `keys` holds the key for each of the plan's `subjects`, None where it is destroyed.
    """
    body = fact.body()
    plan = plan_of(type(fact))
    if plan is None:
        return body
    event = event_id.bytes

    def seal(text: str, place: Place) -> str:
        return seal_text(keys[place.subject], text, event, place.tag)

    value = from_json(body)
    _replace(value, plan, seal)
    return to_json(value)


def _replace(node: dict[str, Any], plan: Plan, seal: Callable[[str, Place], str]) -> None:
    for name, part in plan.inside:
        value = node.get(name)
        if value is not None:
            node[name] = _replaced(value, part, seal)


def _replaced(value: Any, part: Place | Plan, seal: Callable[[str, Place], str]) -> Any:
    if isinstance(value, list):
        return [_replaced(one, part, seal) for one in value]
    if isinstance(part, Plan):
        if isinstance(value, dict):
            _replace(value, part, seal)
        return value
    if isinstance(value, dict):
        return {name: _replaced(one, part._replace(tag=tag_of(name)), seal) for name, one in value.items()}
    return seal(value, part) if isinstance(value, str) else value


def key_ids(texts: Sequence[str | bytes]) -> set[bytes]:
    """Give the ids of all keys that the tokens in texts or bodies are sealed with."""
    found: set[bytes] = set()
    for text in texts:
        matches = TOKEN.finditer(text) if isinstance(text, str) else TOKEN_BYTES.finditer(text)
        found.update(_raw(match[1][:22])[:16] for match in matches)
    return found


def unseal(token: str | bytes, keys: Keys) -> str:
    """Open a token (without prefix and suffix); `[erased]` where the key is destroyed. Raises Unreadable."""
    raw = _raw(token)
    header, nonce_end = raw[:HEADER_BYTES], HEADER_BYTES + NONCE_BYTES
    text = decrypted(keys, header[:16], raw[HEADER_BYTES:nonce_end], raw[nonce_end:], header)
    return ERASED if text is None else text.decode()


def decrypted(keys: Keys, key_id: bytes, nonce: bytes, sealed: bytes, header: bytes) -> bytes | None:
    """Decrypt with the key of this id; None where it is destroyed. Raises Unreadable."""
    try:
        key = keys[key_id]
    except KeyError as missing:
        raise Unreadable(f"the vault has no key {UUID(bytes=key_id)}") from missing
    try:
        return None if key is None else key.decrypt(nonce, sealed, header)
    except InvalidTag as wrong:
        raise Unreadable("a sealed value is not what was sealed") from wrong


def _raw(token: str | bytes) -> bytes:
    data = token.encode() if isinstance(token, str) else token
    try:
        return urlsafe_b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error as wrong:
        raise Unreadable("a sealed value is not what was sealed") from wrong


def open_event(event: Recorded, keys: Keys) -> Recorded:
    """Give the event with its body opened; its hashes stay those of the stored body. Raises Unreadable."""
    return event._replace(body=open_body(event.body, keys, event.event_id)) if MARK in event.body else event


def open_body(body: bytes, keys: Keys, event_id: UUID | None = None) -> bytes:
    """Give a stored body opened: the tokens that were sealed for this event, if it is told, and for their field.

    Tokens from elsewhere stay as they are. Raises Unreadable.
    """
    own = None if event_id is None else event_id.bytes

    def opened(match: re.Match[bytes]) -> bytes:
        name, token = match[1], match[2]
        event, tag = (header := _raw(token[:48])[16:HEADER_BYTES])[:16], header[16:]
        if (own is not None and event != own) or (name is not None and tag != tag_of(name.decode())):
            return match[0]
        text = to_json(unseal(token, keys))
        return text if name is None else b'"' + name + b'":' + text

    return FIELD_BYTES.sub(opened, body)


def shown(match: re.Match[str] | re.Match[bytes], keys: Keys) -> str:
    """Give what a token shows to a reader: its text, shortened where it says so; a word where it cannot be opened."""
    try:
        text = unseal(match[1], keys)
    except Unreadable:
        return UNREADABLE
    if match[2] is None or text == ERASED:
        return text
    longest = int(match[2])
    line = " ".join(text[: longest * 2].split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def open_text(text: str, keys: Keys) -> str:
    """Give a text with every token in it opened, wherever it stands."""
    return TOKEN.sub(lambda match: shown(match, keys), text) if PREFIX in text else text


def open_document(document: bytes, keys: Keys) -> bytes:
    """Give a JSON document with every token in its texts opened and escaped."""
    return TOKEN_BYTES.sub(lambda match: to_json(shown(match, keys))[1:-1], document)
