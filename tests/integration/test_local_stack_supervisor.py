"""The whole stack starts, says so, and leaves nothing behind, however it ends. Its services are stand-ins."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.home import Home
from deploy.local.stack import PARTS
from deploy.local.supervisor import stop_running

pytestmark = pytest.mark.backends


class Run:
    """One supervisor process on a home."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home)
        self.output: list[str] = []
        command = [sys.executable, "-m", "tests.support.stack_runner", str(home)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def until_ready(self) -> "Run":
        """Read its output up to the line that says so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line.strip())
            if self.output[-1] == "READY":
                return self
        self.process.stdout.close()
        raise AssertionError(f"ended with {self.process.wait()}: {self.output}")

    def end(self) -> str:
        """Wait for its end; returns the rest of its output."""
        rest, _ = self.process.communicate(timeout=90)
        return rest

    def kill(self) -> None:
        """Kill it so that it can do nothing more."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home") / "recourse"
    yield path
    stop_running(Home(path))


@pytest.fixture
def stack(home: Path) -> Iterator[Run]:
    run = Run(home).until_ready()
    yield run
    run.process.terminate()
    run.end()


def children(home: Home) -> dict[str, psutil.Process]:
    found = {name: child.process() for name, child in home.state().children.items()}
    return {name: process for name, process in found.items() if process is not None}


def gone(processes: list[psutil.Process], timeout: float = 30) -> bool:
    deadline = time.monotonic() + timeout
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_every_part_runs_in_a_group_of_its_own_and_a_second_start_says_so(stack: Run) -> None:
    processes = children(stack.home)
    assert set(processes) == set(PARTS)
    groups = {os.getpgid(process.pid) for process in processes.values()}
    assert len(groups) == len(PARTS)
    assert os.getpgid(stack.process.pid) not in groups
    second = Run(stack.home.root)
    assert f"already runs on {stack.home.root} (process {stack.process.pid})" in second.end()
    assert second.process.returncode == 2
    assert stack.process.poll() is None


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_every_part_and_the_ports_stay(stack: Run, signum: signal.Signals) -> None:
    before, processes = stack.home.state(), list(children(stack.home).values())
    stack.process.send_signal(signum)
    stack.end()
    assert stack.process.returncode == 0
    assert gone(processes, 1)
    assert stack.home.state().ports == before.ports
    assert not stack.home.state().children


def test_down_stops_it_and_says_when_nothing_ran(stack: Run) -> None:
    processes = list(children(stack.home).values())
    assert stop_running(stack.home) is True
    assert gone(processes, 1)
    assert stack.process.wait(5) == 0
    assert stop_running(stack.home) is False


def test_a_part_that_dies_is_named_and_the_rest_is_stopped(stack: Run) -> None:
    processes = children(stack.home)
    processes["triage"].kill()
    rest = stack.end()
    assert "triage ended by itself with code -9" in rest
    assert "TRIAGE_ serves" in rest
    assert stack.process.returncode == 1
    assert gone(list(processes.values()), 1)


def test_a_killed_supervisor_takes_its_parts_along_and_the_next_start_recovers(home: Path) -> None:
    first = Run(home).until_ready()
    processes, ports = list(children(first.home).values()), first.home.state().ports
    first.kill()
    second = Run(home).until_ready()
    try:
        assert gone(processes, 0)
        assert second.home.state().ports == ports
    finally:
        second.process.terminate()
        second.end()
    assert second.process.returncode == 0


def test_everything_killed_at_once_recovers(home: Path) -> None:
    first = Run(home).until_ready()
    processes = children(first.home)
    first.process.send_signal(signal.SIGSTOP)
    for process in processes.values():
        process.kill()
    first.kill()
    second = Run(home).until_ready()
    second.process.terminate()
    second.end()
    assert second.process.returncode == 0


def test_orphans_are_seen_and_stopped_by_down(home: Path) -> None:
    run = Run(home).until_ready()
    stopped = children(run.home)["followup"]
    stopped.suspend()  # cannot follow its parent
    run.kill()
    assert "followup" in run.home.orphans()
    assert stop_running(run.home) is True
    assert gone([stopped], 1)
