"""A service's vault: made from its settings, checked at start, and heard when somebody's data was erased."""

import asyncio

from shared.eventstore.database import TRANSIENT, Database
from shared.eventstore.master_key import FileMasterKey
from shared.eventstore.vault import Vault
from shared.kernel.errors import MalformedInput
from shared.runtime.settings import ServiceSettings
from shared.runtime.telemetry import log

RETRY_SECONDS = 0.5


def open_vault(settings: ServiceSettings) -> Vault | None:
    """Give the vault that the settings name, None when they name none; raises MalformedInput for half of them."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    if settings.vault_url is None:
        return None
    if settings.master_key is not None:
        master = FileMasterKey(settings.master_key.get_secret_value(), f"{prefix}MASTER_KEY")
    elif settings.master_key_file is not None:
        master = FileMasterKey.from_file(settings.master_key_file, f"{prefix}MASTER_KEY_FILE")
    else:
        raise MalformedInput(
            "the vault needs a master key", field=f"{prefix}MASTER_KEY_FILE", fix="set this environment variable"
        )
    return Vault(Database(settings.vault_url.get_secret_value(), pool_size=5), master)


def require_vault(settings: ServiceSettings) -> None:
    """Refuse to serve without a vault, for personal data would be stored as it is; raises MalformedInput."""
    if settings.vault_url is None:
        field = f"{settings.model_config.get('env_prefix', '')}VAULT_URL"
        raise MalformedInput("personal data is stored sealed only", field=field, fix="set this environment variable")


async def hear_erasures(vault: Vault) -> None:
    """Drop what is kept of whoever is erased, in this process, until cancelled."""
    while True:
        try:
            await vault.listen()
        except TRANSIENT as error:
            log.warning("vault away", error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)
