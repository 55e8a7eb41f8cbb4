"""A real vault for tests: its own database, every service's role on it, keys under a master key of the test."""

from dataclasses import dataclass

from deploy.local.databases import VaultDatabase
from shared.eventstore import vault_schema
from shared.eventstore.database import Database
from shared.eventstore.master_key import FileMasterKey, new_master_key
from shared.eventstore.migrate import migrate
from shared.eventstore.vault import Vault
from tests.support.backends import MakeVaultDatabase


@dataclass(frozen=True)
class VaultForTests:
    """A vault, which every service opens under its own role; `line` is its master key."""

    database: VaultDatabase
    line: str

    def open(self, service: str, *, pool_size: int = 3) -> Vault:
        """Give the vault as a process of `service` has it; the caller closes its database."""
        return Vault(Database(self.database.urls[service], pool_size=pool_size), FileMasterKey(self.line))


def make_vault(make: MakeVaultDatabase) -> VaultForTests:
    """Make a fresh vault."""
    made = make()
    migrate(made.migration_url, vault_schema)
    return VaultForTests(made, new_master_key("test"))
