"""Makes up the passwords, keys and users that `deploy/compose.yaml` needs; what is there already stays."""

import secrets
import sys
from pathlib import Path

from deploy.local.environment import DECIDING
from deploy.local.identity import SERVICES, Identity
from deploy.local.log_keys import LogKeys
from deploy.local.secret_files import keep_master_key, write_secret

HERE = Path(__file__).parent
ENV_FILE = HERE / ".env"
HOME = HERE / ".compose"


def variables() -> list[str]:
    """The names of the passwords: the superuser's, two a service, and that of the vault's owner."""
    roles = [f"{service.upper()}{suffix}" for service in SERVICES for suffix in ("_OWNER", "")]
    return ["POSTGRES_PASSWORD", *(f"{role}_PASSWORD" for role in (*roles, "VAULT_OWNER", "AUDITOR"))]


def kept(file: Path) -> dict[str, str]:
    """The variables that `file` sets, none if it is not there."""
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def prepare(env_file: Path, home: Path) -> None:
    """Write `env_file` and the identity files under `home`."""
    values = {name: secrets.token_urlsafe(24) for name in variables()} | kept(env_file)
    write_secret(env_file, "".join(f"{name}={value}\n" for name, value in values.items()).encode())
    home.mkdir(mode=0o700, exist_ok=True)
    identity = Identity(home / "identity")
    identity.prepare()
    LogKeys(identity).prepare()
    keep_master_key(home / "master_key")
    # The containers' user reads these; on this machine the directory above keeps everybody else out.
    tokens = [identity.token_file(service) for service in SERVICES]
    log_keys = [identity.log_key_file(service) for service in DECIDING]
    for file in (identity.public_key_file, home / "master_key", *tokens, *log_keys):
        file.chmod(0o644)


if __name__ == "__main__":
    prepare(ENV_FILE, HOME)
    sys.stdout.write(f"Passwords are in {ENV_FILE}.\nTokens: recourse token USER --home {HOME}\n")
