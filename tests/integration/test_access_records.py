"""Every read of a case is on record before it is answered, by ids alone, and nobody changes the record."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Response

from deploy.local.identity import Identity
from shared.eventstore.database import Database
from shared.runtime.access import AccessRecorder, RecordAccesses
from shared.runtime.access_records import access_records_router
from shared.runtime.auth import TokenVerifier
from shared.runtime.clock import new_id
from shared.runtime.problems import answer_problems
from tests.support.backends import MakeServiceDatabase
from tests.support.casebook import open_casebook
from tests.support.waiting import stopped

pytestmark = pytest.mark.backends
CASE, OTHER, CUSTOMER = new_id(), new_id(), new_id()


class Desk:
    """An API that shows cases, asked by users."""

    def __init__(self, client: httpx.AsyncClient, identity: Identity, database: Database) -> None:
        self.client, self.database = client, database
        self._identity = identity

    async def get(self, path: str, by: str = "ana", **headers: str) -> httpx.Response:
        return await self.client.get(
            path, headers={"Authorization": f"Bearer {self._identity.mint(by)}", "User-Agent": "desk/1 (x)"} | headers
        )

    def auditor(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._identity.mint('audra')}"}

    async def records(self, **asked: str) -> list[dict[str, Any]]:
        answer = await self.client.get("/access-records", params=asked, headers=self.auditor())
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
async def desk(service_database: MakeServiceDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    identity = Identity(tmp_path_factory.mktemp("home") / "identity")
    identity.prepare()
    async with open_casebook(service_database) as casebook:
        app = FastAPI()
        recorder = AccessRecorder(casebook.database)
        verifier = TokenVerifier.from_file(identity.public_key_file)
        app.state.service = SimpleNamespace(database=casebook.database)
        app.state.verifier = verifier
        app.add_middleware(RecordAccesses, recorder=recorder, verifier=verifier)
        answer_problems(app)
        app.include_router(access_records_router())

        @app.get("/cases/{case}")
        async def case(case: str) -> dict[str, object]:
            return {"case_id": str(CASE), "customer_id": str(CUSTOMER), "subject": "where is my money"}

        @app.get("/cases")
        async def cases() -> dict[str, object]:
            return {"items": [{"case_id": str(CASE)}, {"case_id": str(OTHER)}]}

        @app.get("/counters")
        async def counters() -> dict[str, int]:
            return {"cases": 2}

        @app.get("/export/{kind}")
        async def export(kind: str) -> Response:
            return Response(b"case,subject", media_type="text/csv")

        async with (
            stopped(recorder.run()),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client,
        ):
            yield Desk(client, identity, casebook.database)


async def test_a_read_is_on_record_with_who_what_how_and_what_for(desk: Desk) -> None:
    answer = await desk.get("/cases/RC-7F3K-9QXD?as_of=2026-01-01T00:00:00Z", **{"X-Purpose": "complaint"})
    assert answer.json()["subject"] == "where is my money"
    (record,) = await desk.records()
    assert (record["reader"], record["roles"], record["route"]) == ("ana", ["agent"], "/cases/{case}")
    assert (record["case_ids"], record["customer_ids"]) == ([str(CASE)], [str(CUSTOMER)])
    assert (record["via"], record["purpose"], record["as_of"]) == ("desk/1", "complaint", "2026-01-01T00:00:00Z")
    assert "money" not in str(record)


async def test_records_are_found_by_case_customer_reader_and_time_and_paged(desk: Desk) -> None:
    await desk.get("/cases/x")
    await desk.get("/cases", by="sue")
    await desk.get("/counters")
    everything = await desk.records()
    assert [record["reader"] for record in everything] == ["ana", "sue"]
    assert [r["reader"] for r in await desk.records(case=str(OTHER))] == ["sue"]
    assert [r["reader"] for r in await desk.records(customer=str(CUSTOMER))] == ["ana"]
    assert [r["route"] for r in await desk.records(reader="ana")] == ["/cases/{case}"]
    assert [r["reader"] for r in await desk.records(since=everything[1]["read_at"])] == ["sue"]
    assert [r["reader"] for r in await desk.records(until=everything[1]["read_at"])] == ["ana"]
    first = (await desk.client.get("/access-records", params={"limit": 1}, headers=desk.auditor())).json()
    rest = (await desk.client.get("/access-records", params={"after": first["next"]}, headers=desk.auditor())).json()
    assert [*first["items"], *rest["items"]] == everything


async def test_a_file_is_on_record_by_its_route(desk: Desk) -> None:
    assert (await desk.get("/export/ocel")).text == "case,subject"
    (record,) = await desk.records()
    assert (record["route"], record["case_ids"]) == ("/export/{kind}", [])


async def test_a_read_that_cannot_be_recorded_is_not_answered(desk: Desk) -> None:
    owner = str(desk.database.url.database)
    await desk.database.close()
    desk.database.url = desk.database.url.set(database=f"{owner}_gone")
    answer = await desk.get("/cases/x")
    assert answer.status_code == 503
    assert "could not be put on record" in answer.json()["detail"]
    assert "money" not in answer.text
    desk.database.url = desk.database.url.set(database=owner)
    await desk.database.close()
    assert (await desk.get("/cases/x")).status_code == 200


async def test_many_readers_at_once_are_all_on_record(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.get("/cases/x", by="sue") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await desk.records(reader="sue")) == 50


async def test_a_purpose_is_a_code_so_that_no_words_get_into_the_record(desk: Desk) -> None:
    answer = await desk.get("/cases/x", **{"X-Purpose": "Kim from 12 High Street asked"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "x-purpose"


async def test_only_auditors_and_data_protection_read_the_record(desk: Desk) -> None:
    assert [(await desk.get("/access-records", by=by)).status_code for by in ("ana", "sue", "max", "oli")] == [403] * 4
    assert [(await desk.get("/access-records", by=by)).status_code for by in ("audra", "pia")] == [200] * 2


@pytest.mark.parametrize("statement", ["UPDATE access_record SET reader = 'nobody'", "DELETE FROM access_record"])
async def test_nobody_changes_the_record(desk: Desk, statement: str, postgres_admin_url: str) -> None:
    await desk.get("/cases/x")
    async with desk.database.connection() as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.raw.execute(statement)
    superuser = await asyncpg.connect(postgres_admin_url, database=desk.database.url.database)
    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        await superuser.execute(statement)
    await superuser.close()
    assert UUID((await desk.records())[0]["access_id"])
