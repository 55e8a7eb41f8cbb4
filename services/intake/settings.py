"""What intake reads from its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.runtime.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """Variables are named INTAKE_…. `smtp_*` is the mail door, `smtp_out_*` the server that our mail leaves by."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_", extra="ignore")

    smtp_host: str = "127.0.0.1"
    smtp_port: int | None = None
    smtp_size_limit: int = Field(default=50 * 1024 * 1024, ge=1024)
    smtp_out_host: str | None = None
    smtp_out_port: int = 25
    mail_from: str = Field(default="care@recourse.invalid", pattern=r"^[^@\s]+@[^@\s]+$")
