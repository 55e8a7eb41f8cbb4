"""The master keys that wrap the vault's data keys: the port for a key service, and keys kept in a file."""

import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.kernel.errors import MalformedInput

KEY_BYTES = 32
NONCE_BYTES = 12
FIX = "one line a key: its name, a space, 32 bytes in base64; the newest last"


class VaultUnusable(OSError):
    """The vault cannot be used as things are; what needs it is to be tried again."""


class Wrapped(NamedTuple):
    """A data key as the vault stores it: which master key wrapped it, for which key id, and the bytes."""

    master: str
    key_id: bytes
    data: bytes


class MasterKey(Protocol):
    """What wraps and unwraps data keys; a key service implements it over its own API. `newest` names what wraps."""

    @property
    def newest(self) -> str: ...

    async def wrap(self, keys: Mapping[bytes, bytes]) -> list[Wrapped]:
        """Wrap data keys, given by their key ids, with the newest master key, in the order given."""

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes]:
        """Give the data keys again, in the order given; raises VaultUnusable when the master key is not here."""


class FileMasterKey:
    """Master keys from a text: the last line's wraps, all unwrap."""

    def __init__(self, text: str, field: str = "MASTER_KEY") -> None:
        """Read the keys; raises MalformedInput naming `field`."""
        self._keys: dict[str, AESGCM] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            name, _, encoded = line.partition(" ")
            try:
                key = b64decode(encoded.strip(), validate=True)
            except ValueError as wrong:
                raise MalformedInput(f"key {name} is not base64", field=field, fix=FIX) from wrong
            if len(key) != KEY_BYTES:
                raise MalformedInput(f"key {name} has {len(key)} bytes, not {KEY_BYTES}", field=field, fix=FIX)
            self._keys[name] = AESGCM(key)
        if not self._keys:
            raise MalformedInput("there is no key", field=field, fix=FIX)
        self._newest = next(reversed(self._keys))

    @property
    def newest(self) -> str:
        """The name of the key that wraps."""
        return self._newest

    @classmethod
    def from_file(cls, path: Path, field: str = "MASTER_KEY_FILE") -> "FileMasterKey":
        """Read the keys of a file; raises MalformedInput naming `field`."""
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as wrong:
            raise MalformedInput(f"{path.name} cannot be read", field=field, fix=FIX) from wrong
        return cls(text, field)

    async def wrap(self, keys: Mapping[bytes, bytes]) -> list[Wrapped]:
        """Wrap data keys with the newest master key."""
        master = self._keys[self.newest]
        wrapped = []
        for key_id, key in keys.items():
            nonce = os.urandom(NONCE_BYTES)
            wrapped.append(Wrapped(self.newest, key_id, nonce + master.encrypt(nonce, key, key_id)))
        return wrapped

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes]:
        """Give the data keys again; raises VaultUnusable when the master key is not here or another."""
        return [self._unwrap(one) for one in wrapped]

    def _unwrap(self, one: Wrapped) -> bytes:
        master = self._keys.get(one.master)
        if master is None:
            raise VaultUnusable(f"a key of the vault is wrapped by the master key {one.master}, which is not here")
        try:
            return master.decrypt(one.data[:NONCE_BYTES], one.data[NONCE_BYTES:], one.key_id)
        except InvalidTag as wrong:
            raise VaultUnusable(f"the master key {one.master} here is not the one that this vault is under") from wrong


def new_master_key(name: str) -> str:
    """Make a line for a master key file: a name and 32 random bytes."""
    return f"{name} {b64encode(os.urandom(KEY_BYTES)).decode()}\n"
