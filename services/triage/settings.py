"""What triage reads from its environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class TriageSettings(ServiceSettings):
    """Variables are named TRIAGE_…. `policy` names the pack under the policy directory that is in force.

    `facts_url` is the facts provider's address (docs/facts_provider.md); without it nothing is looked up.
    `facts_timeout_ms` bounds one look-up; `facts_token_file` holds the bearer token to send, if it wants one.
    `model` false: messages are read by the rules alone. `model_dir` holds the published model; by default
    `assessment/model` of the policy directory.
    `llm_url` is the address of an OpenAI-compatible API (…/v1); without it no external language model is asked. It is
    asked with the prompt `llm_prompt` about readings less sure than `llm_below`; `llm_timeout_ms` bounds one question.
    """

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", extra="ignore")

    policy: str = Field(default="shop", pattern=r"^[a-z0-9_-]+$")
    facts_url: str | None = None
    facts_timeout_ms: int = Field(default=800, ge=1, le=60_000)
    facts_token_file: Path | None = None
    model: bool = True
    model_dir: Path | None = None
    llm_url: str | None = None
    llm_model: str = "default"
    llm_key_file: Path | None = None
    llm_timeout_ms: int = Field(default=2_000, ge=1, le=60_000)
    llm_prompt: str = Field(default="reading-1", pattern=r"^[a-z0-9_-]+$")
    llm_below: float = Field(default=0.6, ge=0, le=1)
