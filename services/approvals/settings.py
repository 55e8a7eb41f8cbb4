"""What approvals reads from its environment."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class ApprovalsSettings(ServiceSettings):
    """Variables are named APPROVALS_…."""

    model_config = SettingsConfigDict(env_prefix="APPROVALS_", extra="ignore")
