"""Kafka lost entirely, then stores restored behind it: nothing is lost, nothing is there twice, models are equal."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import LocalPostgres, binaries
from shared.contracts.event import Recorded
from shared.messaging import tail
from tests.support.running import Running

pytestmark = [pytest.mark.backends, pytest.mark.fault]
SAMPLES = str(Path(__file__).parents[2] / "samples")
LOGS = ("intake", "triage", "approvals", "followup")
PARTS = 8


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("lost") / "home")
    running.recourse("up", "--detach")
    running.recourse("ingest", SAMPLES, "--limit", "6")
    running.settle()
    yield running
    running.recourse("down", check=False)


def logs_of(stack: Running) -> dict[str, list[Recorded]]:
    return {log: stack.log(log) for log in LOGS}


def topics_of(stack: Running) -> dict[str, list[Recorded]]:
    """Give what the topics hold, each event once and in order; raises where one is missing."""
    bootstrap = f"127.0.0.1:{stack.home.state().ports['kafka']}"

    async def read() -> dict[str, list[Recorded]]:
        async with tail.open_consumer(bootstrap) as consumer:
            return {
                log: [
                    event
                    for part in range(PARTS)
                    async for event in tail.events_after(consumer, f"{log}.events", part, 0)
                ]
                for log in LOGS
            }

    return asyncio.run(read())


def only_time_went_on(before: dict[str, list[Recorded]], after: dict[str, list[Recorded]]) -> None:
    """Check that nothing is lost, and that nothing came anew but what timers, or other such events, led to."""
    for log in LOGS:
        assert {*before[log]} <= {*after[log]}
    known = {event.event_id for events in before.values() for event in events}
    new = [event for events in after.values() for event in events if event.event_id not in known]
    fresh = {event.event_id for event in new}
    # What had led to no fact may be heard again; a clock that stood further by then is told where it stands.
    led = [e for e in new if not e.via.startswith("timer:") and e.causation_id not in fresh]
    assert [e for e in led if e.type != "followup.clocks_moved.v1"] == []


def check_whole(stack: Running) -> None:
    stack.settle()
    assert stack.dead_letters() == []
    assert topics_of(stack) == logs_of(stack)
    done = stack.recourse("replay", check=False)
    assert done.returncode == 0, done.stdout
    assert "byte by byte" in done.stdout


def test_topics_are_made_again_from_the_stores(stack: Running) -> None:
    before = logs_of(stack)
    stack.recourse("down")
    shutil.rmtree(stack.home.kafka / "data")
    stack.recourse("up", "--detach")
    rebuilt = json.loads(stack.recourse("topics", "rebuild", "--json").stdout)
    now = logs_of(stack)
    for one in rebuilt:
        assert len(before[one["log"]]) <= one["events"] <= len(now[one["log"]])
    only_time_went_on(before, now)
    stack.recourse("ingest", SAMPLES, "--limit", "9")
    check_whole(stack)
    after = logs_of(stack)
    assert all({*before[log]} <= {*after[log]} for log in LOGS)
    assert len(after["intake"]) > len(before["intake"])


def copy(source: Path, target: Path) -> None:
    """Copy with owners, without which PostgreSQL does not start."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def vault_of(stack: Running, tool: str, *arguments: str) -> None:
    """Run a tool of PostgreSQL on the vault, as superuser."""
    url = LocalPostgres(stack.home.postgres).url("recourse_vault")
    subprocess.run([binaries() / tool, "-d", url, *arguments], check=True, capture_output=True)


def test_stores_restored_behind_kafka_are_refused_until_reconciled(stack: Running, tmp_path: Path) -> None:
    stack.recourse("down")
    copy(stack.home.postgres, tmp_path / "backup")
    stack.recourse("up", "--detach")
    stack.recourse("ingest", SAMPLES, "--limit", "12")
    stack.settle()
    whole = logs_of(stack)
    # The vault is backed up on its own, and more often: without its keys nothing that is sealed opens again.
    keys = str(tmp_path / "vault.sql")
    vault_of(stack, "pg_dump", "--data-only", "--inserts", "--on-conflict-do-nothing", "-f", keys)
    stack.recourse("down")
    shutil.rmtree(stack.home.postgres)
    copy(tmp_path / "backup", stack.home.postgres)

    stack.recourse("up", "--detach")
    vault_of(stack, "psql", "-v", "ON_ERROR_STOP=1", "-f", keys)
    status = stack.recourse("status", check=False)
    assert status.returncode == 1
    standing = stack.recourse("topics", "standing", "--json", check=False)
    assert standing.returncode == 1
    refused = {one["log"] for one in json.loads(standing.stdout) if one["trouble"]}
    assert "intake" in refused
    assert stack.recourse("topics", "rebuild", "--service", "intake", check=False).returncode == 2
    for log in sorted(refused):
        stack.recourse("topics", "reconcile", "--service", log, "--apply")
    check_whole(stack)
    only_time_went_on(whole, logs_of(stack))
    stack.recourse("ingest", SAMPLES, "--limit", "14")
    check_whole(stack)
