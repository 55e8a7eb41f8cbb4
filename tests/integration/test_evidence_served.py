"""A log's evidence over HTTP: what is served is proved by others' tools, and what was changed is not."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.cli.audit_proof import check
from deploy.local.identity import Identity
from shared.eventstore.log_keys import KeyBook
from shared.runtime.auth import TokenVerifier
from shared.runtime.clock import new_id
from shared.runtime.evidence import evidence_router
from shared.runtime.problems import answer_problems
from tests.support.backends import MakeServiceDatabase
from tests.support.go_tool import go_verifier, judged
from tests.support.log import LOG
from tests.support.sealing import SealedLog, sealed_log

__all__ = ["go_verifier"]

pytestmark = pytest.mark.backends


class Served:
    """The API of a sealed log, asked as one user or another."""

    def __init__(self, log: SealedLog, http: httpx.AsyncClient, identity: Identity) -> None:
        self.log = log
        self._http = http
        self._identity = identity

    async def get(self, path: str, user: str = "audra", **query: int) -> httpx.Response:
        return await self._http.get(f"/evidence{path}", params=query, headers=self._headers(user))

    async def sign(self, user: str = "audra") -> httpx.Response:
        return await self._http.post("/evidence/checkpoints", headers=self._headers(user))

    def _headers(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._identity.mint(user)}"}


@pytest.fixture
async def served(
    service_database: MakeServiceDatabase, postgres_admin_url: str, kafka_bootstrap: str, tmp_path: Path
) -> AsyncIterator[Served]:
    identity = Identity(tmp_path / "identity")
    identity.prepare()
    async with sealed_log(service_database, postgres_admin_url, kafka_bootstrap, tmp_path) as log:
        app = FastAPI()
        app.state.service = SimpleNamespace(database=log.database, store=log.store, sealer=log.sealer())
        app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
        answer_problems(app)
        app.include_router(evidence_router(LOG))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://log") as http:
            yield Served(log, http, identity)


async def test_every_event_is_proved_and_go_agrees(served: Served, go_verifier: Path, tmp_path: Path) -> None:
    case = new_id()
    part = served.log.store.part_of(case)
    await served.log.fill(part, case, 0, 300)
    (first,) = (await served.sign()).json()
    await served.log.fill(part, case, 300, 220)
    (second,) = (await served.sign()).json()
    assert (first["size"], second["size"], second["origin"]) == (300, 520, f"recourse/{LOG}/{part}")
    claims: list[dict[str, Any]] = [(await served.get(f"/proof/{part}/{at}")).json() for at in (1, 256, 257, 300, 301)]
    claims.append((await served.get(f"/proof/{part}/7", size=300)).json())
    grown = (await served.get(f"/consistency/{part}", old=300, new=520)).json()
    claims.append({"old_note": first["note"], "new_note": second["note"], "proof": grown["proof"]})
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join((await served.get("/keys")).json()["keys"]))
    assert [one["why"] for one in judged(go_verifier, keys, claims) if not one["holds"]] == []
    book = KeyBook([served.log.ring().current.verifier()])
    assert all(check({**claim, "statements": []}, book) for claim in claims[:-1])
    assert [claim["size"] for claim in claims[:6]] == [520] * 5 + [300]


async def test_what_no_checkpoint_covers_is_told_with_the_way_out(served: Served) -> None:
    case = new_id()
    part = served.log.store.part_of(case)
    await served.log.append(case, 0, 2)
    unsealed = await served.get(f"/proof/{part}/1")
    assert unsealed.status_code == 404
    assert unsealed.json()["fix"] == "have one signed: POST /evidence/checkpoints"
    assert (await served.get(f"/proof/{part}/9")).json()["detail"].startswith(f"{LOG} has no event at position 9")
    assert (await served.get("/proof/99/1")).status_code == 404
    assert (await served.get(f"/consistency/{part}", old=3, new=1)).json()["field"] == "old"
    assert (await served.get(f"/consistency/{part}", old=1, new=9)).status_code == 404


async def test_the_status_tells_how_far_the_log_is_sealed(served: Served) -> None:
    case = new_id()
    part = served.log.store.part_of(case)
    await served.log.append(case, 0, 2)
    await served.sign()
    await served.log.append(case, 2, 1)
    told = (await served.get("/status")).json()
    assert (told["heads"][str(part)], told["sealed"][str(part)], told["refused"]) == (3, 2, [])


async def test_a_rewritten_history_is_refused_aloud(served: Served) -> None:
    case = new_id()
    part = served.log.store.part_of(case)
    await served.log.append(case, 0, 9)
    await served.sign()
    async with served.log.attacker() as raw:
        await raw.execute("DELETE FROM event WHERE log_part = $1 AND position > 6", part)
    refused = await served.sign()
    assert refused.status_code == 409
    assert "the log ends at 6" in refused.json()["detail"]
    (told,) = (await served.get("/status")).json()["refused"]
    assert (told["log_part"], told["finding"], told["position"]) == (part, "rolled_back", 7)


@pytest.mark.parametrize(("user", "may_read", "may_sign"), [("audra", 200, 200), ("oli", 200, 200), ("ana", 403, 403)])
async def test_who_may_ask(served: Served, user: str, may_read: int, may_sign: int) -> None:
    assert (await served.get("/checkpoints", user)).status_code == may_read
    assert (await served.sign(user)).status_code == may_sign
