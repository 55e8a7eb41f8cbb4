"""A vault in memory, for tests of what is made of sealed events."""

import hmac
import os
from collections.abc import Iterable, Sequence
from hashlib import md5, sha256
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.event import Recorded
from shared.eventstore import seal
from shared.eventstore.seal import SubjectKey


class MemoryVault:
    """Seals with one key a subject, made at the first use; a destroyed one is never made again."""

    def __init__(self) -> None:
        self._keys: dict[UUID, SubjectKey | None] = {}
        self._ciphers: dict[bytes, AESGCM | None] = {}
        self.away = False

    def key(self, subject: UUID) -> SubjectKey | None:
        """Give a subject's key, None when it is destroyed."""
        if subject not in self._keys:
            made = SubjectKey(os.urandom(16), AESGCM(os.urandom(32)))
            self._keys[subject] = made
            self._ciphers[made.key_id] = made.cipher
        return self._keys[subject]

    def sealed(self, event: Recorded) -> Recorded:
        """Give an event as the store of its service holds it; what names no customer is sealed for its stream."""
        fact = event.fact
        plan = None if fact is None else seal.plan_of(type(fact))
        if fact is None or plan is None:
            return event
        keys = {field: self.key(getattr(fact, field, None) or event.stream_id) for field in plan.subjects}
        body = seal.seal_body(fact, event.event_id, keys)
        return event._replace(body=body, body_hash=sha256(body).digest())

    def all_sealed(self, events: Iterable[Recorded]) -> list[Recorded]:
        """Seal many."""
        return [self.sealed(event) for event in events]

    def destroy(self, subject: UUID) -> None:
        """Destroy a subject's key."""
        if (key := self.key(subject)) is not None:
            self._ciphers[key.key_id] = None
            self._keys[subject] = None

    async def ciphers(self, key_ids: set[bytes]) -> seal.Keys:
        """Give keys by their ids; raises OSError when the vault is away."""
        if self.away:
            raise ConnectionRefusedError("the vault is away")
        return {key_id: self._ciphers[key_id] for key_id in key_ids if key_id in self._ciphers}

    async def blind(self, text: str) -> bytes:
        """Give a keyed hash of a text."""
        return hmac.digest(b"of the test", text.encode(), "sha256")

    async def open_document(self, document: bytes) -> bytes:
        """Give a JSON document opened."""
        return seal.open_document(document, await self.ciphers(seal.key_ids([document])))

    def open_all(self, texts: Sequence[str]) -> list[str]:
        """Give texts opened."""
        return [seal.open_text(text, self._ciphers) for text in texts]


class OpenlyBlind(MemoryVault):
    """Blinds in a way that SQL can, for rows that are made in bulk inside a database."""

    async def blind(self, text: str) -> bytes:
        """Give a hash without a key."""
        return md5(text.encode(), usedforsecurity=False).digest()
