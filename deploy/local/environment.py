"""The settings that the local stack gives each service, as environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import deploy
from deploy.local.databases import ServiceDatabase, VaultDatabase
from deploy.local.identity import Identity

ROOT = Path(deploy.__file__).resolve().parent.parent
HOST = "127.0.0.1"
DECIDING = ("intake", "triage", "approvals", "followup")
MAIL_FROM = "care@recourse.example"


@dataclass(frozen=True)
class Surroundings:
    """What the services find around them: ports by name, the broker, their databases, the vault, the identity files."""

    ports: Mapping[str, int]
    kafka: str
    databases: Mapping[str, ServiceDatabase]
    identity: Identity
    policies: Path
    vault: VaultDatabase
    master_key_file: Path
    otlp_endpoint: str | None = None

    def of(self, service: str) -> dict[str, str]:
        """The environment of one service; every variable carries its prefix."""
        database = self.databases[service]
        settings = {
            "DATABASE_URL": database.database_url,
            "MIGRATION_DATABASE_URL": database.migration_database_url,
            "KAFKA_BOOTSTRAP": self.kafka,
            "HTTP_HOST": HOST,
            "HTTP_PORT": str(self.ports[service]),
            "TOKEN_PUBLIC_KEY_FILE": str(self.identity.public_key_file),
            "TOKEN_FILE": str(self.identity.token_file(service)),
            "POLICY_DIR": str(self.policies),
            "VAULT_URL": self.vault.urls[service],
            "MASTER_KEY_FILE": str(self.master_key_file),
            **{f"{peer.upper()}_URL": f"http://{HOST}:{self.ports[peer]}" for peer in DECIDING},
        }
        if self.otlp_endpoint:
            settings["OTLP_ENDPOINT"] = self.otlp_endpoint
        if service in DECIDING:
            settings["LOG_KEY_FILE"] = str(self.identity.log_key_file(service))
        if service == "intake":
            settings |= {
                "VAULT_MIGRATION_URL": self.vault.migration_url,
                "SMTP_HOST": HOST,
                "SMTP_PORT": str(self.ports["mail_door"]),
                "SMTP_OUT_HOST": HOST,
                "SMTP_OUT_PORT": str(self.ports["mailcatcher"]),
                "MAIL_FROM": MAIL_FROM,
            }
        return {f"{service.upper()}_{name}": value for name, value in settings.items()}
