"""What triage reads from its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class TriageSettings(ServiceSettings):
    """Variables are named TRIAGE_…. `policy` names the pack under the policy directory that is in force."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", extra="ignore")

    policy: str = Field(default="shop", pattern=r"^[a-z0-9_-]+$")
