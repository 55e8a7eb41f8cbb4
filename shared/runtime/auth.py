"""Who is asking: signed tokens with roles. The actor of a command comes from here and from nowhere else."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID

import jwt
from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer

from shared.eventstore.draft import CommandId
from shared.eventstore.vault import Vault
from shared.kernel.errors import Forbidden, MalformedInput, Unauthenticated
from shared.runtime.clock import now

ROLES = ("agent", "supervisor", "manager", "auditor", "privacy", "ops", "door", "service")
bearer = HTTPBearer(auto_error=False, description="A token of `recourse token USER`, or of your identity provider.")


class Identity(NamedTuple):
    """A verified token: the user's name and roles, and when it ends (seconds since 1970 UTC)."""

    name: str
    roles: tuple[str, ...]
    expires: float


class Caller(NamedTuple):
    """Who sent a command; with an Idempotency-Key, also the command's id and the hash of what was asked."""

    name: str
    roles: tuple[str, ...]
    via: str
    command: CommandId | None = None


class TokenVerifier:
    """Verifies tokens (JWT, RFC 7519) signed with Ed25519 (EdDSA, RFC 8037) against one public key."""

    def __init__(self, public_key: str) -> None:
        self._key = public_key
        self._checked = lru_cache(maxsize=4096)(self._verify)

    @classmethod
    def from_file(cls, path: Path) -> "TokenVerifier":
        """Read the public key in PEM form; raises MalformedInput when there is none."""
        try:
            return cls(path.read_text())
        except OSError as error:
            raise MalformedInput(
                f"cannot be read: {error.strerror}", field=str(path), fix="run `recourse up` once"
            ) from error

    def identify(self, token: str) -> Identity:
        """Give who a token speaks for; raises Unauthenticated when it does not hold."""
        identity = self._checked(token)
        if identity.expires < now().timestamp():
            raise Unauthenticated(
                "the token has expired", field="Authorization", fix="get a new one: recourse token USER"
            )
        return identity

    def _verify(self, token: str) -> Identity:
        try:
            claims = jwt.decode(token, self._key, algorithms=["EdDSA"], options={"require": ["sub", "exp", "roles"]})
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the token does not hold: {error}", field="Authorization") from error
        roles = tuple(role for role in claims["roles"] if role in ROLES)
        return Identity(str(claims["sub"]), roles, float(claims["exp"]))


def caller(*allowed: str) -> Callable[..., Awaitable[Caller]]:
    """Make a FastAPI dependency that gives the caller, refusing (403) those with none of the allowed roles."""

    async def dependency(
        request: Request,
        _scheme: Annotated[object, Depends(bearer)],
        idempotency_key: Annotated[
            str | None, Header(description="A UUID: the command's id, for safe repeats.")
        ] = None,
    ) -> Caller:
        who = identify(request.app.state.verifier, request.headers.get("authorization"), allowed)
        if idempotency_key is None:
            return Caller(who.name, who.roles, "api")
        content = sha256(f"{who.name} {request.method} {request.url.path}\n".encode() + await request.body())
        vault: Vault | None = getattr(getattr(request.app.state, "service", None), "vault", None)
        # what is kept is keyed: from a bare hash one could try what a short text may have been
        kept = content.digest() if vault is None else await vault.blind(content.hexdigest())
        return Caller(who.name, who.roles, "api", CommandId(_uuid(idempotency_key), kept))

    return dependency


def identify(verifier: TokenVerifier, authorization: str | None, allowed: tuple[str, ...]) -> Identity:
    """Check an Authorization header against the allowed roles; raises Unauthenticated or Forbidden."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("there is no bearer token", field="Authorization", fix="send Authorization: Bearer TOKEN")
    identity = verifier.identify(token.strip())
    if not set(allowed) & set(identity.roles):
        raise Forbidden(
            f"{identity.name} has the roles {', '.join(identity.roles) or 'none'}; this needs {' or '.join(allowed)}",
            field="roles",
        )
    return identity


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise MalformedInput(f"{text!r} is not a UUID", field="Idempotency-Key", fix="send a UUID") from error
