"""What casebook reads from its environment."""

from pydantic_settings import SettingsConfigDict

from services.casebook.projections.vault_access import VaultAccess
from shared.runtime.settings import ServiceSettings


class CasebookSettings(ServiceSettings):
    """Variables are named CASEBOOK_…."""

    model_config = SettingsConfigDict(env_prefix="CASEBOOK_", extra="ignore")

    def vault_access(self) -> VaultAccess | None:
        """Give how a rebuild comes to the vault, None without one; raises OSError for a key file that is not there."""
        if self.vault_url is None:
            return None
        if self.master_key is not None:
            return VaultAccess(self.vault_url.get_secret_value(), self.master_key.get_secret_value())
        assert self.master_key_file is not None, "the vault was opened with it"
        return VaultAccess(self.vault_url.get_secret_value(), self.master_key_file.read_text())
