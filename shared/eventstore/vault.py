"""The vault: every subject's key in a database of its own; seals what is stored, opens it in memory, destroys keys."""

import asyncio
import hmac
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json, to_json

from shared.contracts.event import Fact, Recorded
from shared.eventstore import seal as sealing
from shared.eventstore.database import Database
from shared.eventstore.kept import Kept
from shared.eventstore.master_key import KEY_BYTES, MasterKey, Wrapped
from shared.eventstore.seal import SubjectKey

CHANNEL = "erased"
CHECK_SECONDS = 20.0
KEPT_SECONDS = 60.0
KEPT_KEYS = 20_000
BYTES_MARK = b"recourse sealed 1\n"
BLIND = "blind"
ASK = "SELECT * FROM subject_keys($1, $2, $3, $4, $5, $6, $7)"
FETCH = "SELECT key_id, wrapped, master FROM subject_key WHERE key_id = ANY($1::uuid[])"
SECRET = "SELECT key_id, wrapped, master FROM vault_secret WHERE name = $1"
MAKE_SECRET = "INSERT INTO vault_secret VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
Asked = tuple[UUID | None, UUID]
"""Whose key is wanted: that of the customer linked to the case, or else of the subject."""


class Vault:
    """Seals and opens for one process. Keys are kept a minute at most, and dropped as soon as one is destroyed."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self.database = database
        self._master = master
        self._keys: Kept[UUID, SubjectKey | None] = Kept(KEPT_KEYS, KEPT_SECONDS)
        self._ciphers: Kept[bytes, AESGCM | None] = Kept(KEPT_KEYS, KEPT_SECONDS)
        self._links: Kept[UUID, UUID] = Kept(KEPT_KEYS, None)
        self._blind: bytes | None = None
        self._erasures = 0
        self._listeners: list[Callable[[UUID | None], None]] = []

    async def seal(self, fact: Fact, event_id: UUID) -> bytes:
        """Give the body of a fact as it is stored; the keys that it needs are durable when this returns."""
        return (await self.seal_all([(fact, event_id)]))[0]

    async def seal_all(self, facts: Sequence[tuple[Fact, UUID]]) -> list[bytes]:
        """Seal many facts, given with their event ids; keys that are not at hand cost one round trip for all."""
        plans = [(fact, plan) for fact, _ in facts if (plan := sealing.plan_of(type(fact))) is not None]
        if not plans:
            return [fact.body() for fact, _ in facts]
        links = {case: whose for fact, _ in plans if (case := _case_of(fact)) and (whose := _customer_of(fact))}
        asked = {id(fact): {field: _asked(fact, field) for field in plan.subjects} for fact, plan in plans}
        keys = await self._keys_for({one for fields in asked.values() for one in fields.values()}, links)
        return [
            sealing.seal_body(fact, event_id, {field: keys[one] for field, one in asked.get(id(fact), {}).items()})
            for fact, event_id in facts
        ]

    async def seal_text(self, subject: UUID, text: str, about: UUID, field: str = "") -> str:
        """Give the token of a text that is kept outside of events: whose it is, the id of what it belongs to."""
        key = (await self._keys_for({(None, subject)}, {}))[None, subject]
        return sealing.seal_text(key, text, about.bytes, sealing.tag_of(field))

    async def open_events(self, events: Sequence[Recorded]) -> list[Recorded]:
        """Give events with their bodies opened and their hashes as stored; raises sealing.Unreadable."""
        sealed = [event.body for event in events if sealing.MARK in event.body]
        if not sealed:
            return list(events)
        keys = await self.ciphers(sealing.key_ids(sealed))
        return [sealing.open_event(event, keys) for event in events]

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
        key = (await self._keys_for({(None, subject)}, {}))[None, subject]
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
        await self._ask([], {case_id: customer_id})

    async def customer_of_case(self, case_id: UUID) -> UUID | None:
        """Give the customer that a case is linked to, None when there is none."""
        async with self.database.connection() as tx:
            found: UUID | None = await tx.raw.fetchval("SELECT subject_id FROM case_link WHERE case_id = $1", case_id)
        return found

    async def destroy(self, subject: UUID) -> None:
        """Destroy a subject's key for ever, and see that none is made again; done again, it changes nothing."""
        async with self.database.connection() as tx:
            for told in await tx.raw.fetch("SELECT * FROM destroy_subject($1)", subject):
                self._forget(told[0])

    async def destroyed(self, subjects: Iterable[UUID]) -> set[UUID]:
        """Give those of the subjects whose keys are destroyed."""
        asked = "SELECT subject_id FROM subject_key WHERE subject_id = ANY($1::uuid[]) AND destroyed_at IS NOT NULL"
        async with self.database.connection() as tx:
            return {row[0] for row in await tx.raw.fetch(asked, list(subjects))}

    def on_erased(self, listener: Callable[[UUID | None], None]) -> None:
        """Call `listener` with every subject that is erased, by whatever process; with None when any may have been."""
        self._listeners.append(listener)

    async def listen(self) -> None:
        """Hear of erasures until the connection is lost, which raises OSError; call it again then."""
        lost = asyncio.Event()
        async with self.database.connection() as held:
            held.raw.add_termination_listener(lambda _: lost.set())
            await held.raw.add_listener(CHANNEL, lambda *told: self._forget(str(told[3])))
            self._forget("")  # whatever was told while nobody listened
            try:
                while not lost.is_set():
                    try:
                        async with asyncio.timeout(CHECK_SECONDS):
                            await lost.wait()
                    except TimeoutError:
                        await held.raw.execute("SELECT 1")
            finally:
                self._forget("")
        raise ConnectionResetError("the vault's connection is lost")

    async def ciphers(self, key_ids: set[bytes]) -> sealing.Keys:
        """Give the keys of these ids, None for destroyed ones; those that the vault does not know are left out."""
        found, missing = self._ciphers.many(key_ids)
        if missing:
            seen = self._erasures
            async with self.database.connection() as tx:
                rows = await tx.raw.fetch(FETCH, [UUID(bytes=one) for one in missing])
            found |= await self._unwrapped([(row["key_id"], row["wrapped"], row["master"]) for row in rows])
            if seen == self._erasures:  # else one of these may be destroyed by now
                for key_id in missing:
                    if key_id in found:
                        self._ciphers.put(key_id, found[key_id])
        return found

    async def _keys_for(self, wanted: set[Asked], links: dict[UUID, UUID]) -> dict[Asked, SubjectKey | None]:
        cases, unlinked = self._links.many({case for case, _ in wanted if case is not None} | links.keys())
        whose = {(case, subject): cases.get(case, subject) if case else subject for case, subject in wanted}
        known, _ = self._keys.many(set(whose.values()))
        missing = [asked for asked in wanted if whose[asked] not in known or asked[0] in unlinked]
        keys = {asked: known[whose[asked]] for asked in wanted if asked not in missing}
        new = {case: links[case] for case in unlinked if case in links}
        if missing or new:
            keys.update(zip(missing, await self._ask(missing, new), strict=True))
        return keys

    async def _ask(self, asked: list[Asked], links: dict[UUID, UUID]) -> list[SubjectKey | None]:
        """Link cases and get keys, made where there are none, in one statement that commits before it returns."""
        wrapped = await self._master.wrap({os.urandom(16): os.urandom(KEY_BYTES) for _ in asked})
        made = [[UUID(bytes=one.key_id) for one in wrapped], [one.data for one in wrapped], self._master.newest]
        subjects = [[case for case, _ in asked], [subject for _, subject in asked]]
        seen = self._erasures
        async with self.database.connection() as tx:
            rows = await tx.raw.fetch(ASK, list(links), list(links.values()), *subjects, *made)
        ciphers = await self._unwrapped([(row["id"], row["data"], row["master_name"]) for row in rows])
        keys: list[SubjectKey | None] = []
        for (case, _), row in zip(asked, rows, strict=True):
            key_id = row["id"].bytes
            cipher = ciphers[key_id]
            keys.append(None if cipher is None else SubjectKey(key_id, cipher))
            if seen == self._erasures:
                self._keys.put(row["subject"], keys[-1])
                self._ciphers.put(key_id, cipher)
            if case is not None and row["linked"] is not None:
                self._links.put(case, row["linked"])
        return keys

    async def _unwrapped(self, rows: Sequence[tuple[UUID, bytes | None, str]]) -> dict[bytes, AESGCM | None]:
        living = [Wrapped(master, key_id.bytes, data) for key_id, data, master in rows if data is not None]
        keys = await self._master.unwrap(living)
        opened = {one.key_id: AESGCM(key) for one, key in zip(living, keys, strict=True)}
        return {key_id.bytes: opened.get(key_id.bytes) for key_id, _, _ in rows}

    async def _secret(self, name: str) -> bytes:
        async with self.database.connection() as tx:
            row = await tx.raw.fetchrow(SECRET, name)
            if row is None:
                made = (await self._master.wrap({os.urandom(16): os.urandom(KEY_BYTES)}))[0]
                await tx.raw.execute(MAKE_SECRET, name, UUID(bytes=made.key_id), made.data, made.master)
                row = await tx.raw.fetchrow(SECRET, name)
        assert row is not None
        return (await self._master.unwrap([Wrapped(row["master"], row["key_id"].bytes, row["wrapped"])]))[0]

    def _forget(self, told: str) -> None:
        """Drop what is kept of a subject, told as its id and its key's id; all that is kept for an empty text."""
        self._erasures += 1
        subject = None
        if told:
            subject, key_id = map(UUID, told.split())
            self._keys.drop(subject)
            self._ciphers.drop(key_id.bytes)
        else:
            self._keys.clear()
            self._ciphers.clear()
        for listener in self._listeners:
            listener(subject)


def _customer_of(fact: Fact) -> UUID | None:
    customer: UUID | None = getattr(fact, "customer_id", None)
    return customer


def _case_of(fact: Fact) -> UUID | None:
    case: UUID | None = getattr(fact, "case_id", None)
    return case


def _asked(fact: Fact, field: str) -> Asked:
    subject: UUID | None = getattr(fact, field, None)
    return (None, subject) if subject is not None else (_case_of(fact), fact.stream_id)
