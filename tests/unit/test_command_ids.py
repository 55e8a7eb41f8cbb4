"""What is kept of a command to know it again tells nothing of what was asked."""

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated
from uuid import uuid4

import httpx
import pytest
from fastapi import Depends, FastAPI

from deploy.local.identity import Identity
from shared.eventstore.draft import CommandId
from shared.runtime.auth import Caller, TokenVerifier, caller
from tests.support.memory_vault import MemoryVault

KEY = str(uuid4())


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    made = Identity(tmp_path / "identity")
    made.prepare()
    return made


async def content_hash(identity: Identity, body: bytes, vault: MemoryVault | None) -> bytes:
    app, seen = FastAPI(), list[CommandId]()
    app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
    app.state.service = SimpleNamespace(vault=vault)

    @app.post("/notes")
    async def note(who: Annotated[Caller, Depends(caller("agent"))]) -> None:
        assert who.command is not None
        seen.append(who.command)

    headers = {"Authorization": f"Bearer {identity.mint('ana')}", "Idempotency-Key": KEY}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        assert (await client.post("/notes", content=body, headers=headers)).status_code == 200
    assert str(seen[0].command_id) == KEY
    return seen[0].content_hash


async def test_the_hash_of_a_command_is_keyed_where_there_is_a_vault(identity: Identity) -> None:
    vault, bare = MemoryVault(), sha256(b"ana POST /notes\nyes").digest()
    assert await content_hash(identity, b"yes", None) == bare
    kept = await content_hash(identity, b"yes", vault)
    assert kept not in (bare, sha256(bare).digest())
    assert kept == await content_hash(identity, b"yes", vault)
    assert kept != await content_hash(identity, b"no", vault)
