"""The vault: every subject's key in a database of its own; seals what is stored, opens it in memory, destroys keys."""

import hmac
import os
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from shared.contracts.event import Fact, Recorded
from shared.eventstore import seal as sealing
from shared.eventstore.database import Database
from shared.eventstore.key_ring import Asked, KeyRing
from shared.eventstore.master_key import KEY_BYTES, MasterKey, Wrapped

BYTES_MARK = b"recourse sealed 1\n"
BLIND = "blind"
SECRET = "SELECT key_id, wrapped, master FROM vault_secret WHERE name = $1"
MAKE_SECRET = "INSERT INTO vault_secret VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"


class Vault(KeyRing):
    """Seals and opens for one process, with the keys of its ring."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        super().__init__(database, master)
        self._blind: bytes | None = None

    async def seal(self, fact: Fact, event_id: UUID) -> bytes:
        """Give the body of a fact as it is stored; the keys that it needs are durable when this returns."""
        plan = sealing.plan_of(type(fact))
        if plan is None:
            return fact.body()
        asked = {field: _asked(fact, field) for field in plan.subjects}
        keys = self.at_hand(asked, _case_of(fact) if _customer_of(fact) else None)
        return (await self.seal_all([(fact, event_id)]))[0] if keys is None else sealing.seal_body(fact, event_id, keys)

    async def seal_all(self, facts: Sequence[tuple[Fact, UUID]]) -> list[bytes]:
        """Seal many facts, given with their event ids; keys that are not at hand cost one round trip for all."""
        plans = [(fact, plan) for fact, _ in facts if (plan := sealing.plan_of(type(fact))) is not None]
        if not plans:
            return [fact.body() for fact, _ in facts]
        links = {case: whose for fact, _ in plans[::-1] if (case := _case_of(fact)) and (whose := _customer_of(fact))}
        asked = {id(fact): {field: _asked(fact, field) for field in plan.subjects} for fact, plan in plans}
        keys = await self.keys_for({one for fields in asked.values() for one in fields.values()}, links)
        return [
            sealing.seal_body(fact, event_id, {field: keys[one] for field, one in asked.get(id(fact), {}).items()})
            for fact, event_id in facts
        ]

    async def seal_text(self, subject: UUID, text: str, about: UUID, field: str = "") -> str:
        """Give the token of a text that is kept outside of events: whose it is, the id of what it belongs to."""
        key = (await self.keys_for({(None, subject)}, {}))[None, subject]
        return sealing.seal_text(key, text, about.bytes, sealing.tag_of(field))

    async def open_events(self, events: Sequence[Recorded]) -> list[Recorded]:
        """Give events with their bodies opened and their hashes as stored; raises Unreadable."""
        sealed = [event.body for event in events if sealing.MARK in event.body]
        if not sealed:
            return list(events)
        keys = await self.ciphers(sealing.key_ids(sealed))
        return [sealing.open_event(event, keys) for event in events]

    async def open_bodies(self, bodies: Sequence[bytes]) -> list[bytes]:
        """Give stored bodies opened, whatever events they are of; raises Unreadable."""
        marked = [body for body in bodies if sealing.MARK in body]
        keys = await self.ciphers(sealing.key_ids(marked)) if marked else {}
        return [sealing.open_body(body, keys) if sealing.MARK in body else body for body in bodies]

    async def open_text(self, text: str) -> str:
        """Give a text with all tokens in it opened; `[erased]` where the key is destroyed."""
        return sealing.open_text(text, await self.ciphers(sealing.key_ids([text]))) if sealing.PREFIX in text else text

    async def open_document(self, document: bytes) -> bytes:
        """Give the bytes of a JSON document with all tokens in its texts opened, and no other byte changed."""
        if sealing.MARK not in document:
            return document
        return sealing.open_document(document, await self.ciphers(sealing.key_ids([document])))

    async def open_json(self, value: Any) -> Any:
        """Give a value of JSON kinds with all tokens in its texts opened."""
        return from_json(await self.open_document(to_json(value)))

    async def seal_bytes(self, subject: UUID, data: bytes) -> bytes:
        """Seal a content under a subject's key; of a destroyed key `[erased]`, and nothing of the data, is kept."""
        key = (await self.keys_for({(None, subject)}, {}))[None, subject]
        if key is None:
            return sealing.ERASED.encode()
        header, nonce = BYTES_MARK + key.key_id, os.urandom(sealing.NONCE_BYTES)
        return header + nonce + key.cipher.encrypt(nonce, data, header)

    async def open_bytes(self, data: bytes) -> bytes | None:
        """Open a sealed content; None when it is erased. Bytes that are not sealed are given as they are."""
        if not data.startswith(BYTES_MARK):
            return None if data == sealing.ERASED.encode() else data
        start = len(BYTES_MARK) + 16
        header, nonce = data[:start], data[start : start + sealing.NONCE_BYTES]
        keys = await self.ciphers({header[-16:]})
        return sealing.decrypted(keys, header[-16:], nonce, data[start + sealing.NONCE_BYTES :], header)

    async def blind(self, text: str) -> bytes:
        """Give a look-up value for a text, 32 bytes, from which nobody without the vault can tell or try the text."""
        if self._blind is None:
            self._blind = await self._secret(BLIND)
        return hmac.digest(self._blind, text.encode(), "sha256")

    async def link_case(self, case_id: UUID, customer_id: UUID) -> None:
        """Say whose a case is; the first that is said stays."""
        await self.ask([], {case_id: customer_id})

    async def customer_of_case(self, case_id: UUID) -> UUID | None:
        """Give the customer that a case is linked to, None when there is none."""
        async with self.connection() as tx:
            found: UUID | None = await tx.raw.fetchval("SELECT subject_id FROM case_link WHERE case_id = $1", case_id)
        return found

    async def destroy(self, subject: UUID) -> None:
        """Destroy a subject's key for ever, and see that none is made again; done again, it changes nothing."""
        async with self.connection() as tx:
            for told in await tx.raw.fetch("SELECT * FROM destroy_subject($1)", subject):
                self.forget(told[0])

    async def destroyed(self, subjects: Iterable[UUID]) -> set[UUID]:
        """Give those of the subjects whose keys are destroyed."""
        asked = "SELECT subject_id FROM subject_key WHERE subject_id = ANY($1::uuid[]) AND destroyed_at IS NOT NULL"
        async with self.connection() as tx:
            return {row[0] for row in await tx.raw.fetch(asked, list(subjects))}

    async def _secret(self, name: str) -> bytes:
        async with self.connection() as tx:
            row = await tx.raw.fetchrow(SECRET, name)
            if row is None:
                made = (await self._master.wrap({os.urandom(16): os.urandom(KEY_BYTES)}))[0]
                await tx.raw.execute(MAKE_SECRET, name, UUID(bytes=made.key_id), made.data, made.master)
                row = await tx.raw.fetchrow(SECRET, name)
        assert row is not None
        return (await self._master.unwrap([Wrapped(row["master"], row["key_id"].bytes, row["wrapped"])]))[0]


def _customer_of(fact: Fact) -> UUID | None:
    customer: UUID | None = getattr(fact, "customer_id", None)
    return customer


def _case_of(fact: Fact) -> UUID | None:
    case: UUID | None = getattr(fact, "case_id", None)
    return case


def _asked(fact: Fact, field: str) -> Asked:
    subject: UUID | None = getattr(fact, field, None)
    return (None, subject) if subject is not None else (_case_of(fact), fact.stream_id)
