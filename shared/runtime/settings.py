"""What every service reads from its environment; each service adds its own few fields under its own prefix."""

from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings

from shared.kernel.errors import MalformedInput


class ServiceSettings(BaseSettings):
    """Addresses and limits of one service. Addresses with passwords are secrets: never printed, never logged.

    The vault's address and a master key belong together; the key is in a file, or in the variable itself.
    """

    database_url: SecretStr
    migration_database_url: SecretStr | None = None
    kafka_bootstrap: str = "localhost:9092"
    http_host: str = "127.0.0.1"
    http_port: int = 0
    log_parts: int = Field(default=8, ge=1, le=256)
    token_public_key_file: Path
    token_file: Path | None = None
    policy_dir: Path = Path("policies")
    log_key_file: Path | None = None
    seal_seconds: float = Field(default=30, gt=0)
    intake_url: str | None = None
    triage_url: str | None = None
    approvals_url: str | None = None
    followup_url: str | None = None
    vault_url: SecretStr | None = None
    vault_migration_url: SecretStr | None = None
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    otlp_endpoint: str | None = None
    log_level: str = "INFO"
    pool_size: int = Field(default=8, ge=1)
    poison_attempts: int = Field(default=3, ge=1)

    def peer_url(self, owner: str) -> str | None:
        """Give the address of a deciding service's API, for reading its log; None when it is not configured."""
        url: str | None = getattr(self, f"{owner}_url", None)
        return url


T = TypeVar("T", bound=ServiceSettings)


def load_settings(cls: type[T]) -> T:
    """Read the environment; raises MalformedInput naming the first variable that is missing or wrong."""
    prefix = str(cls.model_config.get("env_prefix", ""))
    try:
        return cls()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"{prefix}{'_'.join(str(part) for part in first['loc'])}".upper()
        raise MalformedInput(first["msg"], field=name, fix="set this environment variable") from error
