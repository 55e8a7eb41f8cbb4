"""Tokens of the local stack say who someone is and nothing else."""

from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from deploy.local.errors import UsageError
from deploy.local.identity import READY_USERS, SERVICES, Identity, mint
from shared.kernel.errors import Unauthenticated
from shared.runtime.auth import ROLES, TokenVerifier


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    made = Identity(tmp_path / "identity")
    made.prepare()
    return made


def test_a_minted_token_is_what_the_services_accept(identity: Identity) -> None:
    verifier = TokenVerifier.from_file(identity.public_key_file)
    who = verifier.identify(mint(identity.directory.parent, "sue"))
    assert (who.name, who.roles) == ("sue", ("supervisor",))


def test_every_ready_user_has_a_role_that_the_services_know() -> None:
    assert all(set(user.roles) <= set(ROLES) and user.roles for user in READY_USERS)
    assert {role for user in READY_USERS for role in user.roles} == set(ROLES)


def test_each_service_gets_a_token_of_its_own(identity: Identity) -> None:
    verifier = TokenVerifier.from_file(identity.public_key_file)
    tokens = [verifier.identify(identity.token_file(name).read_text()) for name in SERVICES]
    assert [token.name for token in tokens] == list(SERVICES)
    assert all(token.roles == ("service",) for token in tokens)


def test_a_token_ends_when_its_time_is_over(identity: Identity) -> None:
    verifier = TokenVerifier.from_file(identity.public_key_file)
    with pytest.raises(Unauthenticated):
        verifier.identify(identity.mint("ana", timedelta(seconds=-1)))


def test_preparing_again_keeps_key_and_users(identity: Identity) -> None:
    before = identity.mint("ana")
    with identity.users_file.open("a") as file:
        file.write("- {login: eve, name: Eve, roles: [agent]}\n")
    identity.prepare()
    assert TokenVerifier.from_file(identity.public_key_file).identify(before).name == "ana"
    assert "eve" in identity.users()


def test_keys_and_tokens_are_readable_by_their_owner_alone(identity: Identity) -> None:
    files = [path for path in identity.directory.rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_a_stranger_is_refused_by_name_with_the_names_there_are(identity: Identity) -> None:
    with pytest.raises(UsageError, match=r"'zoe'.*ana"):
        identity.mint("zoe")


def test_a_home_without_identities_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="recourse up"):
        mint(tmp_path, "ana")


def test_the_token_names_no_secret(identity: Identity) -> None:
    claims = jwt.decode(identity.mint("ana"), options={"verify_signature": False})
    assert set(claims) == {"sub", "name", "roles", "iat", "exp"}
