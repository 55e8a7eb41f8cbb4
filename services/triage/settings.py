"""What triage reads from its environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class TriageSettings(ServiceSettings):
    """Variables are named TRIAGE_…. `policy` names the pack under the policy directory that is in force.

    `facts_url` is the facts provider's address (docs/facts_provider.md); without it nothing is looked up.
    `facts_timeout_ms` bounds one look-up; `facts_token_file` holds the bearer token to send, if it wants one.
    """

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", extra="ignore")

    policy: str = Field(default="shop", pattern=r"^[a-z0-9_-]+$")
    facts_url: str | None = None
    facts_timeout_ms: int = Field(default=800, ge=1, le=60_000)
    facts_token_file: Path | None = None
