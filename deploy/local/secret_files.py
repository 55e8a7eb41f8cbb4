"""Passwords and master keys that live in one file each, readable by their owner alone."""

import os
import secrets
from pathlib import Path

from deploy.local.errors import StackError
from shared.eventstore.master_key import new_master_key

LOST_KEY = "Put it back from where you keep it: what is sealed opens with no other."


def write_secret(path: Path, content: bytes) -> None:
    """Write `content` to `path` with mode 0600, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.rename(path)


def password_in(path: Path) -> str:
    """The password kept in `path`, made up at random on first use."""
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(24).encode())
    return path.read_text().strip()


def vault_is_locked_out(master_key: Path) -> bool:
    """Whether there is a vault, but its master key is gone: nothing that is sealed would ever open again."""
    return not master_key.exists() and (master_key.parent / "vault_owner").exists()


def keep_master_key(path: Path) -> None:
    """Make the master key file on first use; what is there already stays. StackError if it was there and is gone."""
    if vault_is_locked_out(path):
        raise StackError(f"The vault's master key {path} is gone", LOST_KEY)
    if not path.exists():
        write_secret(path, new_master_key("first").encode())
