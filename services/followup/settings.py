"""What followup reads from its environment."""

from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class FollowupSettings(ServiceSettings):
    """Variables are named FOLLOWUP_…."""

    model_config = SettingsConfigDict(env_prefix="FOLLOWUP_", extra="ignore")
