"""What casebook reads from its environment."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class CasebookSettings(ServiceSettings):
    """Variables are named CASEBOOK_…."""

    model_config = SettingsConfigDict(env_prefix="CASEBOOK_", extra="ignore")
