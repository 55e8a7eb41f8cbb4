"""Who may use a local stack: ready users with roles, and the key that signs their tokens."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from deploy.local.errors import UsageError
from deploy.local.secret_files import write_secret

SERVICES = ("intake", "triage", "approvals", "followup", "casebook")
DAY = timedelta(days=1)
SERVICE_TOKEN_TTL = 365 * DAY


@dataclass(frozen=True)
class User:
    """Someone who may get a token: the login (the token's `sub`), the name people read, the roles."""

    login: str
    name: str
    roles: tuple[str, ...]


READY_USERS = (
    User("ana", "Ana Alvarez", ("agent",)),
    User("ben", "Ben Bauer", ("agent",)),
    User("sue", "Sue Sato", ("supervisor",)),
    User("max", "Max Moreau", ("manager",)),
    User("mia", "Mia Marino", ("manager",)),
    User("audra", "Audra Abel", ("auditor",)),
    User("pia", "Pia Prieto", ("privacy",)),
    User("oli", "Oli Olsen", ("ops",)),
    User("door", "Channel connectors", ("door",)),
    *(User(name, f"The service {name}", ("service",)) for name in SERVICES),
)


@dataclass(frozen=True)
class Identity:
    """The identity files of a home, under `directory`."""

    directory: Path

    @property
    def public_key_file(self) -> Path:
        """The key that verifies tokens, PEM."""
        return self.directory / "public.pem"

    @property
    def users_file(self) -> Path:
        """The users, as YAML; people may add their own."""
        return self.directory / "users.yaml"

    def token_file(self, service: str) -> Path:
        """A service's own token, for reading its peers' logs."""
        return self.directory / "tokens" / service

    def log_key_file(self, service: str) -> Path:
        """The private key that signs a service's log."""
        return self.directory / "log_keys" / f"{service}.key"

    def prepare(self) -> None:
        """Make key and users on first use, and give every service a fresh token."""
        if not self._private_key_file.exists():
            key = Ed25519PrivateKey.generate()
            write_secret(self._private_key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        private = jwt.algorithms.OKPAlgorithm().prepare_key(self._private_key_file.read_bytes())
        assert isinstance(private, Ed25519PrivateKey)
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        write_secret(self.public_key_file, public)
        if not self.users_file.exists():
            listed = [{**asdict(user), "roles": list(user.roles)} for user in READY_USERS]
            write_secret(self.users_file, yaml.safe_dump({"users": listed}, sort_keys=False).encode())
        for service in SERVICES:
            write_secret(self.token_file(service), self.mint(service, SERVICE_TOKEN_TTL).encode())

    def users(self) -> dict[str, User]:
        """Every user by login; UsageError if the file is missing or cannot be read as users."""
        if not self.users_file.exists():
            raise UsageError(f"{self.directory} holds no identities", "Run `recourse up` once, or name --home.")
        document = yaml.safe_load(self.users_file.read_text())
        try:
            found = [User(u["login"], u["name"], tuple(u["roles"])) for u in document["users"]]
        except (KeyError, TypeError) as error:
            raise UsageError(
                f"{self.users_file} cannot be read: {error!r}",
                "Each entry of `users` needs login, name and roles (a list).",
            ) from error
        return {user.login: user for user in found}

    def mint(self, login: str, ttl: timedelta = DAY) -> str:
        """A signed token for `login`, good for `ttl` from now; UsageError for an unknown user."""
        users = self.users()
        user = users.get(login)
        if user is None:
            raise UsageError(f"There is no user {login!r}", f"Take one of: {', '.join(users)}.")
        issued = datetime.now(UTC)
        claims = {
            "sub": user.login,
            "name": user.name,
            "roles": list(user.roles),
            "iat": int(issued.timestamp()),
            "exp": int((issued + ttl).timestamp()),
        }
        return jwt.encode(claims, self._private_key_file.read_bytes(), algorithm="EdDSA")

    @property
    def _private_key_file(self) -> Path:
        return self.directory / "private.pem"


def mint(home: Path, user: str, ttl: timedelta = DAY) -> str:
    """A signed token for `user` of the stack in `home`."""
    return Identity(home / "identity").mint(user, ttl)
