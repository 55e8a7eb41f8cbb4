"""Figures of the whole system: messages in at the chat door, out in the read models, all on this machine."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import quantiles

import httpx
import uvloop

from bench.figure import Figure
from deploy.local.home import Home
from deploy.local.lag import read_lags

SAMPLES = Path(__file__).parents[1] / "samples" / "conversations"
TURNS = 4  # customer messages a conversation
LOOK_SECONDS = 0.01
DRAINED_SECONDS = 5.0


@dataclass
class Run:
    """What one run of the load generator saw; latencies in seconds."""

    sent: int = 0
    failed: int = 0
    late: float = 0.0
    took: float = 0.0
    visible: list[float] = field(default_factory=list)


@contextmanager
def system() -> Iterator[Home]:
    """Bring the whole stack up in a temporary home, as `recourse up` does, and take it down again."""
    with tempfile.TemporaryDirectory(prefix="recourse-bench-") as place:
        command = [sys.executable, "-m", "deploy.local.cli.main"]
        subprocess.run([*command, "up", "--detach", "--home", place], check=True, capture_output=True)
        try:
            yield Home(Path(place))
        finally:
            subprocess.run([*command, "down", "--home", place], check=True, capture_output=True)


def end_to_end_figures(*, seconds: int) -> Iterator[Figure]:
    """Measure 100 messages/s sustained, and the time from door to read model at 25/s; bar: p99 ≤ 1 s."""
    with system() as home:
        uvloop.run(_load(home, 25, 5, look=False))  # first imports, first plans
        slow = uvloop.run(_load(home, 25, seconds, look=True))
        before = _received(home)
        fast = uvloop.run(_load(home, 100, seconds, look=False))
        drained = _drain(home)
        kept = _received(home) - before
    cuts = quantiles(slow.visible, n=100)
    yield Figure(
        "door to read model at 25 messages/s, 99th percentile",
        cuts[98],
        "s",
        "≤ 1 s",
        cuts[98] <= 1 and not slow.failed,
        {"s at the median": cuts[49], "cases looked at": len(slow.visible)},
    )
    rate = fast.sent / fast.took
    yield Figure(
        f"door to read model, sustained for {seconds} s",
        rate,
        "messages/s",
        "≥ 100 sustained for 60 s",
        rate >= 99.5 and not fast.failed and kept == fast.sent and drained <= DRAINED_SECONDS,
        {
            "sent": fast.sent,
            "in the read model": kept,
            "failed": fast.failed,
            "s behind schedule at most": fast.late,
            "s until every consumer was at the head": drained,
        },
    )


async def _load(home: Home, rate: int, seconds: int, *, look: bool) -> Run:
    """Post customers' own words in an open loop; with `look`, wait for every new case to be seen in the read model."""
    run, words = Run(), _words()
    state, token = home.state(), home.identity.mint
    door = httpx.AsyncClient(base_url=state.url("intake"), headers=_bearer(token("door")), timeout=30)
    reader = httpx.AsyncClient(base_url=state.url("casebook"), headers=_bearer(token("ana")), timeout=30)
    pending: set[asyncio.Task[None]] = set()
    begun, stamp = time.perf_counter(), time.time_ns()
    async with door, reader:
        for nth in range(rate * seconds):
            due = begun + nth / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            run.late = max(run.late, time.perf_counter() - due)
            key = f"bench-{stamp}-{nth // TURNS}"
            task = asyncio.create_task(_post(door, reader, run, key, nth, next(words), look and nth % TURNS == 0))
            pending.add(task)
            task.add_done_callback(pending.discard)
        if pending:
            await asyncio.wait(pending)
        run.took = time.perf_counter() - begun
    return run


async def _post(
    door: httpx.AsyncClient, reader: httpx.AsyncClient, run: Run, key: str, nth: int, text: str, look: bool
) -> None:
    begun = time.perf_counter()
    body = {"message_id": f"{key}-{nth}", "text": text, "sender": {"kind": "handle", "address": key}}
    answer = await door.post(f"/chat/{key}/messages", json=body)
    if answer.is_error:
        run.failed += 1
        return
    run.sent += 1
    if look:
        case = answer.json()["case_id"]
        while (await reader.get(f"/cases/{case}")).status_code == httpx.codes.NOT_FOUND:
            await asyncio.sleep(LOOK_SECONDS)
        run.visible.append(time.perf_counter() - begun)


def _words() -> Iterator[str]:
    texts = [
        turn["text"]
        for path in sorted(SAMPLES.glob("*.jsonl"))
        for line in path.read_text().splitlines()
        for turn in json.loads(line)["turns"]
        if turn["speaker"] == "customer"
    ]
    return cycle(texts)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _client(home: Home, service: str) -> httpx.Client:
    return httpx.Client(base_url=home.state().url(service), headers=_bearer(home.identity.mint("oli")), timeout=30)


def _received(home: Home) -> int:
    """Give how many messages of customers the read models count."""
    with _client(home, "casebook") as client:
        counted = client.get("/counters").raise_for_status().json()
    return sum(counted["totals"].get("messages_in", {}).values())


def _drain(home: Home) -> float:
    begun = time.perf_counter()
    while any(lag.lag for lag in read_lags(lambda service: _client(home, service))):
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - begun
