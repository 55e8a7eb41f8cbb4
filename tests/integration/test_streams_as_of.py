"""A stream, and a whole log, as they stood at an instant: exact, and the same for ever."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.identity import Identity
from shared.contracts.event import Fact, Recorded
from shared.eventstore.database import Database
from shared.eventstore.store import Store
from shared.eventstore.streams import positions_at, read_stream
from shared.kernel.decider import Decider
from shared.runtime.auth import TokenVerifier
from shared.runtime.clock import new_id, now
from shared.runtime.past_state import state_as_of
from shared.runtime.peers import Peers
from shared.runtime.problems import answer_problems
from shared.runtime.settings import ServiceSettings
from shared.runtime.shell import Shell
from shared.runtime.streams import streams_router
from tests.support.backends import MakeServiceDatabase
from tests.support.log import PARTS, drafts, open_log

pytestmark = pytest.mark.backends
MICROSECOND = timedelta(microseconds=1)
Log = tuple[Database, Store]


@pytest.fixture(scope="module")
async def log(service_database: MakeServiceDatabase) -> AsyncIterator[Log]:
    async with open_log(service_database) as opened:
        yield opened


@pytest.fixture(scope="module")
async def history(log: Log) -> list[Recorded]:
    """Events of five cases, in turn."""
    database, store = log
    recorded: list[Recorded] = []
    cases = [new_id() for _ in range(5)]
    for version in range(6):
        for case_id in cases:
            async with database.transaction() as tx:
                recorded += await store.append(tx.raw, drafts(case_id, version, [f"reason {version}"]))
    return recorded


def part_of(event: Recorded) -> int:
    return event.log_part


async def test_a_stream_until_an_instant_is_its_prefix(log: Log, history: list[Recorded]) -> None:
    database, store = log
    stream = [event for event in history if event.stream_id == history[0].stream_id]
    async with database.connection() as tx:

        async def until(at: datetime | None, after: int = 0, limit: int = 100) -> list[Recorded]:
            return await read_stream(tx.raw, store, stream[0].stream_id, until=at, after=after, limit=limit)

        assert await until(None) == stream
        assert await until(stream[0].recorded_at - MICROSECOND) == []
        for nth, event in enumerate(stream, 1):
            assert await until(event.recorded_at) == stream[:nth]
            assert await until(event.recorded_at - MICROSECOND) == stream[: nth - 1]
        assert await until(None, after=2, limit=3) == stream[2:5]


async def test_positions_at_an_instant_are_those_of_the_last_events_until_then(
    log: Log, history: list[Recorded]
) -> None:
    database, store = log
    instants = {at for event in history for at in (event.recorded_at, event.recorded_at - MICROSECOND)}
    async with database.connection() as tx:
        for at in sorted(instants):
            known = sorted((event for event in history if event.recorded_at <= at), key=part_of)
            expected = dict.fromkeys(range(PARTS), 0)
            expected |= {part: max(e.position for e in events) for part, events in groupby(known, part_of)}
            assert await positions_at(tx.raw, store, at) == expected


async def test_peers_read_streams_and_positions_over_http(
    log: Log, history: list[Recorded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, store = log
    identity = Identity(tmp_path / "identity")
    identity.prepare()
    app = FastAPI()
    app.state.service = SimpleNamespace(database=database, store=store)
    app.state.verifier = TokenVerifier.from_file(identity.public_key_file)
    app.include_router(streams_router(store.log))
    answer_problems(app)
    asked = {"database_url": "postgresql://nowhere", "approvals_url": "http://approvals"}
    tokens = {"token_public_key_file": identity.public_key_file, "token_file": identity.token_file("casebook")}
    peers = Peers(ServiceSettings.model_validate(asked | tokens))
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://approvals")
    monkeypatch.setattr(peers, "_client", web)
    monkeypatch.setattr("shared.runtime.peers.STREAM_PAGE", 2)
    stream = [event for event in history if event.stream_id == history[0].stream_id]
    async with web:
        at = stream[2].recorded_at
        assert await peers.stream(store.log, stream[0].stream_id, at) == stream[:3]
        assert await peers.stream(store.log, stream[0].stream_id) == stream
        assert (await peers.positions(store.log, at))[stream[2].log_part] == stream[2].position
        with pytest.raises(OSError, match="no address of intake"):
            await peers.positions("intake", at)
        path = f"/streams/{stream[0].stream_id}/events"
        agent = {"Authorization": f"Bearer {identity.mint('ana')}"}
        assert (await web.get(path, headers=agent)).status_code == 403
        auditor = {"Authorization": f"Bearer {identity.mint('audra')}"}
        naive = await web.get(path, headers=auditor, params={"until": "2026-11-24T09:30:00"})
        assert (naive.status_code, naive.json()["field"]) == (422, "until")


async def test_a_state_of_the_past_is_the_fold_of_the_prefix(log: Log, history: list[Recorded]) -> None:
    database, store = log
    told: Decider[None, tuple[Fact, ...], Fact] = Decider(
        initial=(), decide=lambda _command, _state: [], evolve=lambda state, fact: (*state, fact)
    )
    shell: Shell[Any, tuple[Fact, ...]] = Shell(database, store, cast("Any", SimpleNamespace(decider=told)))
    stream = [event for event in history if event.stream_id == history[0].stream_id]
    for nth, event in enumerate(stream, 1):
        facts = tuple(each.fact for each in stream)
        assert await state_as_of(shell, event.stream_id, event.recorded_at) == facts[:nth]
        assert await state_as_of(shell, event.stream_id, event.recorded_at - MICROSECOND) == facts[: nth - 1]
    assert await state_as_of(shell, new_id(), now()) == ()
    assert await state_as_of(shell, stream[0].stream_id, None) == await shell.state(stream[0].stream_id)


async def test_what_is_being_appended_is_waited_for(log: Log, history: list[Recorded]) -> None:
    database, store = log
    case_id = history[0].stream_id
    async with database.connection() as reading:
        async with database.transaction() as writing:
            [event] = await store.append(writing.raw, drafts(case_id, 6, ["late"]))
            asked = now()
            assert event.recorded_at <= asked
            answer = asyncio.create_task(
                read_stream(reading.raw, store, case_id, until=asked, after=6, limit=10), name="asking"
            )
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(answer), 0.2)
        assert await answer == [event]
        assert (await positions_at(reading.raw, store, asked))[event.log_part] == event.position
