"""The private keys that sign the logs of a local stack, and the public ones, for auditors to take away."""

from dataclasses import dataclass
from pathlib import Path

from deploy.local.environment import DECIDING
from deploy.local.identity import Identity
from deploy.local.secret_files import write_secret
from shared.eventstore.log_keys import KeyRing, new_key
from shared.eventstore.notes import VerifierKey


@dataclass(frozen=True)
class LogKeys:
    """The key files of an identity: one a deciding service, and `public.txt` with all that ever were."""

    identity: Identity

    @property
    def public_file(self) -> Path:
        """The public keys, one a line."""
        return self.identity.log_key_file("public").with_suffix(".txt")

    def file(self, service: str) -> Path:
        """The private key of a service's log, and the one before it while that is handed over."""
        return self.identity.log_key_file(service)

    def prepare(self) -> None:
        """Make a key for every log that has none."""
        for service in DECIDING:
            if not self.file(service).exists():
                self.write(service, KeyRing(new_key(service)))

    def read(self, service: str) -> KeyRing:
        """The keys of a service's log; MalformedInput if there are none."""
        return KeyRing.read(self.file(service))

    def write(self, service: str, ring: KeyRing) -> None:
        """Keep the keys of a service's log, and make the public one known."""
        write_secret(self.file(service), ring.encode().encode())
        public = ring.current.verifier().vkey
        lines = [key.vkey for key in self.public()]
        if public not in lines:
            write_secret(self.public_file, "".join(f"{line}\n" for line in [*lines, public]).encode())
            self.public_file.chmod(0o644)

    def public(self) -> list[VerifierKey]:
        """Every public key that was made here."""
        return read_public(self.public_file) if self.public_file.exists() else []


def read_public(path: Path) -> list[VerifierKey]:
    """Read public keys, one a line; lines that begin with # are passed over. NoteError if a line is no key."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [VerifierKey.parse(line) for line in lines if line and not line.startswith("#")]
