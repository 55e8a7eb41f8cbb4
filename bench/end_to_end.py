"""Figures of the whole system: messages in at the chat door, out in the read models, all on this machine."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles

import httpx
import uvloop

from bench.figure import Figure
from deploy.local.home import Home
from deploy.local.lag import read_lags

SAMPLES = Path(__file__).parents[1] / "samples" / "conversations"
TURNS = 4  # customer messages a conversation, where no new case is looked for
OFFERED = 105  # messages/s, so that 100 can be sustained without rounding up
SAMPLED_SECONDS = 1.0
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
    """Measure a sustained rate, and the time from door to read model at 25/s; the load is a process of its own."""
    with system() as home:
        _loaded(home, 25, 5)  # first imports, first plans
        slow = _loaded(home, 25, seconds, look=True)
        before = _received(home)
        behind: list[int] = []
        fast = _loaded(home, OFFERED, seconds, watch=lambda: behind.append(_behind(home)))
        drained = _drain(home)
        kept = _received(home) - before
    cuts = quantiles(slow.visible, n=100)
    yield Figure(
        "sent by the customer to seen in the read model, 25 messages/s, 99th percentile",
        cuts[98],
        "s",
        "≤ 1 s",
        cuts[98] <= 1 and not slow.failed,
        {"s at the median": cuts[49], "new cases looked for": len(slow.visible), "s behind schedule": slow.late},
    )
    rate = kept / (fast.took + drained)
    well = not fast.failed and kept == fast.sent and drained <= DRAINED_SECONDS
    yield Figure(
        f"door to read model for {seconds} s, until the last is there",
        rate,
        "messages/s",
        "≥ 100 sustained for 60 s",
        rate >= 100 and well if seconds >= 60 else None,
        {
            f"sent, at {OFFERED}/s": fast.sent,
            "in the read model": kept,
            "failed": fast.failed,
            "s behind schedule at most": fast.late,
            "events behind, sampled, median": median(behind),
            "events behind, sampled, most": max(behind),
            "s until every consumer was at the head": drained,
        },
    )


def _loaded(home: Home, rate: int, seconds: int, *, look: bool = False, watch: Callable[[], None] | None = None) -> Run:
    """Run the load generator in a process of its own; `watch` is called about once a second meanwhile."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        running = pool.submit(generate, home.root, rate, seconds, look)
        while watch is not None and not running.done():
            watch()
            wait([running], timeout=SAMPLED_SECONDS)
        return running.result()


def generate(root: Path, rate: int, seconds: int, look: bool) -> Run:
    """Be the load generator: the body of its process."""
    return uvloop.run(_load(Home(root), rate, seconds, look=look))


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
            key = f"bench-{stamp}-{nth if look else nth // TURNS}"
            task = asyncio.create_task(_post(door, reader, run, key, nth, next(words), look))
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


def _behind(home: Home) -> int:
    """Give how many events all consumers together have still to take."""
    return sum(lag.lag for lag in read_lags(lambda service: _client(home, service)))


def _drain(home: Home) -> float:
    begun = time.perf_counter()
    while _behind(home):
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - begun
