"""The keys of subjects at hand: fetched or made in one round trip, kept a minute, dropped when one is destroyed."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.eventstore.database import Database, Transaction
from shared.eventstore.kept import Kept
from shared.eventstore.master_key import KEY_BYTES, MasterKey, VaultUnusable, Wrapped
from shared.eventstore.seal import SubjectKey

CHANNEL = "erased"
CHECK_SECONDS = 20.0
KEPT_SECONDS = 60.0
KEPT_KEYS = 20_000
ASK = "SELECT * FROM subject_keys($1, $2, $3, $4, $5, $6, $7)"
FETCH = "SELECT key_id, wrapped, master FROM subject_key WHERE key_id = ANY($1::uuid[])"
NEWEST = "SELECT key_id, wrapped, master FROM subject_key WHERE destroyed_at IS NULL ORDER BY created_at DESC LIMIT 1"
Asked = tuple[UUID | None, UUID]
"""Whose key is wanted: that of the customer linked to the case, or else of the subject."""


class KeyRing:
    """The vault's keys for one process. Keys are kept a minute at most, and dropped as soon as one is destroyed."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self.database = database
        self._master = master
        self._keys: Kept[UUID, SubjectKey | None] = Kept(KEPT_KEYS, KEPT_SECONDS)
        self._ciphers: Kept[bytes, AESGCM | None] = Kept(KEPT_KEYS, KEPT_SECONDS)
        self._links: Kept[UUID, UUID] = Kept(KEPT_KEYS, None)
        self._erasures = 0
        self._listeners: list[Callable[[UUID | None], None]] = []

    def on_erased(self, listener: Callable[[UUID | None], None]) -> None:
        """Call `listener` with every subject that is erased, by whatever process; with None when any may have been."""
        self._listeners.append(listener)

    async def listen(self) -> None:
        """Hear of erasures until the connection is lost, which raises OSError; call it again then."""
        lost = asyncio.Event()

        def told(*notice: object) -> None:
            self.forget(str(notice[3]))

        def ended(_connection: object) -> None:
            lost.set()

        async with self.connection() as held:
            held.raw.add_termination_listener(ended)
            await held.raw.add_listener(CHANNEL, told)
            self.forget("")  # whatever was told while nobody listened
            try:
                while not lost.is_set():
                    try:
                        async with asyncio.timeout(CHECK_SECONDS):
                            await lost.wait()
                    except TimeoutError:
                        await held.raw.execute("SELECT 1")
            finally:
                self.forget("")
                if not lost.is_set():
                    held.raw.remove_termination_listener(ended)
                    await held.raw.remove_listener(CHANNEL, told)
        raise ConnectionResetError("the vault's connection is lost")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        """Lend a connection to the vault; whatever it refuses raises VaultUnusable, which callers wait out."""
        try:
            async with self.database.connection() as tx:
                yield tx
        except asyncpg.UndefinedTableError as error:
            raise VaultUnusable("the vault has no tables yet; intake makes them when it starts") from error
        except asyncpg.PostgresError as error:
            raise VaultUnusable(f"the vault refuses: {type(error).__name__}") from error

    async def check(self) -> None:
        """Find out whether the vault is there, and whether the master key is its own; raises OSError if not."""
        async with self.connection() as tx:
            row = await tx.raw.fetchrow(NEWEST)
        if row is not None:
            await self._unwrapped([(row["key_id"], row["wrapped"], row["master"])])

    async def ciphers(self, key_ids: set[bytes]) -> dict[bytes, AESGCM | None]:
        """Give the keys of these ids, None for destroyed ones; those that the vault does not know are left out."""
        found, missing = self._ciphers.many(key_ids)
        if missing:
            seen = self._erasures
            async with self.connection() as tx:
                rows = await tx.raw.fetch(FETCH, [UUID(bytes=one) for one in missing])
            found |= await self._unwrapped([(row["key_id"], row["wrapped"], row["master"]) for row in rows])
            if seen == self._erasures:  # else one of these may be destroyed by now
                for key_id in missing:
                    if key_id in found:
                        self._ciphers.put(key_id, found[key_id])
        return found

    def at_hand(self, asked: dict[str, Asked], case: UUID | None) -> dict[str, SubjectKey | None] | None:
        """Give the key asked for by each name, if all are here and `case` is known to be linked; else None."""
        if case is not None and self._links.entry(case) is None:
            return None
        keys = {}
        for name, (of_case, subject) in asked.items():
            whose = (subject,) if of_case is None else self._links.entry(of_case)
            entry = None if whose is None else self._keys.entry(whose[0])
            if entry is None:
                return None
            keys[name] = entry[0]
        return keys

    async def keys_for(self, wanted: set[Asked], links: dict[UUID, UUID]) -> dict[Asked, SubjectKey | None]:
        """Give every key that is wanted, made where there was none, None for a destroyed one.

        `links` says whose cases are; they are linked where they were not. One round trip, or none.
        """
        cases, unlinked = self._links.many({case for case, _ in wanted if case is not None} | links.keys())
        whose = {(case, subject): cases.get(case, subject) if case else subject for case, subject in wanted}
        known, _ = self._keys.many(set(whose.values()))
        keys = {one: known[whose[one]] for one in wanted if whose[one] in known and one[0] not in unlinked}
        new = {case: links[case] for case in unlinked if case in links}
        missing = [one for one in wanted if one not in keys]
        missing += list(new.items())  # to learn to whom they are linked
        if missing:
            keys.update(zip(missing, await self.ask(missing, new), strict=True))
        return keys

    async def ask(self, asked: list[Asked], links: dict[UUID, UUID]) -> list[SubjectKey | None]:
        """Link cases and get keys, made where there are none, in one statement that commits before it returns."""
        wrapped = await self._master.wrap({os.urandom(16): os.urandom(KEY_BYTES) for _ in asked})
        made = [[UUID(bytes=one.key_id) for one in wrapped], [one.data for one in wrapped], self._master.newest]
        subjects = [[case for case, _ in asked], [subject for _, subject in asked]]
        seen = self._erasures
        async with self.connection() as tx:
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

    def forget(self, told: str) -> None:
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
