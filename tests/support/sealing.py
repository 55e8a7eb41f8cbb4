"""A real log with a sealer over it, and what an attacker with all rights does to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy.local.databases import ServiceDatabase, with_database
from shared.contracts.event import Recorded
from shared.eventstore.chain import header_hash
from shared.eventstore.database import Database
from shared.eventstore.log_keys import KeyRing, new_key
from shared.eventstore.merkle import event_leaf
from shared.eventstore.store import Store
from shared.messaging.broker import ensure_topics
from shared.messaging.evidence import EVIDENCE
from shared.runtime.clock import new_id
from shared.runtime.sealer import Sealer
from tests.support.backends import MakeServiceDatabase
from tests.support.log import LOG, PARTS, drafts, open_log

# As the append makes them, in one statement: many events fast.
MANY = """
    SELECT count(append_event($1, gen_random_uuid(), 'approvals.exception_withdrawn.v1', 'case', $2::uuid,
        $3::int + n, 'ana', NULL, 'test', NULL, $2::uuid, NULL, NULL, NULL, NULL, '{}'::bytea))
    FROM generate_series(1, $4::int) AS n"""


@dataclass
class SealedLog:
    """A log under its own role, its key file, and the address of a superuser in its database."""

    database: Database
    store: Store
    key_file: Path
    bootstrap: str
    superuser_url: str
    sealers: list[Sealer] = field(default_factory=list)

    def sealer(self, seconds: float = 3600) -> Sealer:
        """Give a new sealer, as a started process has it."""
        self.sealers.append(Sealer(self.database, self.store, self.bootstrap, self.key_file, seconds))
        return self.sealers[-1]

    def ring(self) -> KeyRing:
        """Give the keys as they are in the file."""
        return KeyRing.read(self.key_file)

    async def append(self, case: UUID, after: int, count: int) -> list[Recorded]:
        """Append so many events to a case's stream."""
        async with self.database.transaction() as tx:
            return await self.store.append(tx.raw, drafts(case, after, ["on"] * count))

    async def fill(self, part: int, case: UUID, after: int, count: int) -> None:
        """Append very many events to a log partition."""
        async with self.database.connection() as tx:
            await tx.raw.execute(MANY, part, case, after, count)

    async def leaves(self, part: int) -> list[bytes]:
        """Compute every leaf hash of a log partition outside the database."""
        async with self.database.connection() as tx:
            events = await self.store.read(tx.raw, part, 0, 1_000_000)
        return [event_leaf(header_hash(event), event.body_hash) for event in events]

    @asynccontextmanager
    async def attacker(self) -> AsyncIterator[asyncpg.Connection]:
        """Give a superuser's connection with the triggers off."""
        raw = await asyncpg.connect(self.superuser_url)
        try:
            await raw.execute("SET session_replication_role = replica")
            yield raw
        finally:
            await raw.close()


@asynccontextmanager
async def sealed_log(
    make: MakeServiceDatabase, postgres_admin_url: str, bootstrap: str, directory: Path
) -> AsyncIterator[SealedLog]:
    """Give a fresh log with a key of its own, which nothing was signed with."""
    made: list[ServiceDatabase] = []

    def remember(name: str) -> ServiceDatabase:
        made.append(make(name))
        return made[-1]

    await ensure_topics(bootstrap, [EVIDENCE], PARTS)
    key_file = directory / f"{new_id()}.key"
    key_file.write_text(KeyRing(new_key(LOG)).encode())
    async with open_log(remember) as (database, store):
        opened = SealedLog(database, store, key_file, bootstrap, with_database(postgres_admin_url, made[0].name))
        yield opened
        for sealer in opened.sealers:
            await sealer.close()
