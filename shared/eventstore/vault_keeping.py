"""What the keeper of the vault does with it: put it under a new master key, wipe what was destroyed, count."""

from typing import NamedTuple
from uuid import UUID

from shared.eventstore.database import Transaction
from shared.eventstore.master_key import MasterKey, Wrapped
from shared.eventstore.vault import Vault

BATCH = 1000
TABLES = ("subject_key", "vault_secret")
OLD = "SELECT key_id, wrapped, master FROM {} WHERE wrapped IS NOT NULL AND master <> $1 LIMIT $2"
REWRAP = """
    UPDATE {} k SET wrapped = n.wrapped, master = $4
    FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n(key_id, before, wrapped)
    WHERE k.key_id = n.key_id AND k.wrapped = n.before"""
COUNT = """
    SELECT (SELECT count(*) FROM subject_key) AS subjects, (SELECT count(destroyed_at) FROM subject_key) AS destroyed,
           (SELECT count(*) FROM case_link) AS cases,
           coalesce((SELECT json_object_agg(master, n) FROM (SELECT master, count(*) AS n FROM subject_key
                     WHERE master IS NOT NULL GROUP BY master) m)::text, '{}') AS masters"""


class Counted(NamedTuple):
    """How much the vault holds: keys made, those of them destroyed, cases linked, living keys by master key (JSON)."""

    subjects: int
    destroyed: int
    cases: int
    masters: str


async def rewrap(vault: Vault, master: MasterKey) -> int:
    """Wrap every living key with the newest master key, and give how many; broken off, it goes on where it was.

    No sealed value changes. When it has ended, and `scrub` too, older master keys can be taken away.
    """
    done = 0
    for table in TABLES:
        async with vault.database.connection() as tx:
            while rows := await tx.raw.fetch(OLD.format(table), master.newest, BATCH):
                await _rewrap(tx, table, master, [Wrapped(row[2], row[0].bytes, row[1]) for row in rows])
                done += len(rows)
    return done


async def _rewrap(tx: Transaction, table: str, master: MasterKey, before: list[Wrapped]) -> None:
    keys = await master.unwrap(before)
    after = await master.wrap({one.key_id: key for one, key in zip(before, keys, strict=True)})
    ids = [UUID(bytes=one.key_id) for one in before]
    datas = [[one.data for one in wrapped] for wrapped in (before, after)]
    await tx.raw.execute(REWRAP.format(table), ids, *datas, master.newest)


async def scrub(vault: Vault) -> None:
    """Write the tables anew, so that nothing of a destroyed key stays in the database's files; locks them meanwhile."""
    async with vault.database.connection() as tx:
        for table in TABLES:
            await tx.raw.execute(f"VACUUM (FULL) {table}")


async def count(vault: Vault) -> Counted:
    """Count what the vault holds."""
    async with vault.database.connection() as tx:
        return Counted(*await tx.raw.fetchrow(COUNT))
