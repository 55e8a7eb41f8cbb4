"""How a rebuild, which is in processes of its own, comes to the vault: where it is, and by which master keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.casebook.projections.search import Search
from shared.eventstore.database import Database
from shared.eventstore.master_key import FileMasterKey
from shared.eventstore.vault import Vault


@dataclass(frozen=True)
class VaultAccess:
    """The vault's database as SQLAlchemy names it, under a role that may read keys, and the text of the key file."""

    url: str = field(repr=False)  # holds a password
    master_keys: str = field(repr=False)


@asynccontextmanager
async def open_search(access: VaultAccess | None) -> AsyncIterator[Search | None]:
    """Lend the search of this vault; None without one. Raises MalformedInput for the master keys."""
    if access is None:
        yield None
        return
    master_key = FileMasterKey(access.master_keys)
    database = Database(access.url, pool_size=2)
    try:
        yield Search(Vault(database, master_key))
    finally:
        await database.close()
