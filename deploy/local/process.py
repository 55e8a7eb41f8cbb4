"""A child process in its own group that ends when we end, and ports for it to listen on."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local.errors import StackError

LAUNCHER = Path(__file__).with_name("die_with_parent.py")
NOBODY = 65534
# Below the ephemeral range of Linux, so that no outgoing connection takes a port between two starts.
PORT_RANGE = range(20_000, 32_000)


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken: Sequence[int] = ()) -> int:
    """A port nothing listens on and that is not in `taken`."""
    for _ in range(1_000):
        port = random.choice(PORT_RANGE)
        if port not in taken and port_is_free(port):
            return port
    raise StackError("No free TCP port was found", "Stop servers you do not need and try again.")


def as_unprivileged(argv: Sequence[str]) -> list[str]:
    """`argv` run as the user nobody when we are root, since PostgreSQL refuses to run as root.

    It keeps the right to pass through directories of others, so that nothing has to be opened for it.
    """
    if os.geteuid() != 0:
        return list(argv)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "PostgreSQL cannot run as root, and setpriv is missing to run it as another user",
            "Run this command as an ordinary user, or install util-linux.",
        )
    keep = "-all,+dac_override"
    user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    rights = [f"--inh-caps={keep}", f"--ambient-caps={keep}", f"--bounding-set={keep}"]
    return [setpriv, *user, *rights, "--pdeathsig=keep", "--", *argv]


def wait_until(ready: Callable[[], bool], child: "Child", timeout: float) -> None:
    """Poll `ready` until it holds; StackError if `child` ends first or `timeout` seconds pass."""
    deadline = time.monotonic() + timeout
    while not ready():
        if not child.alive:
            raise StackError(
                f"{child.name} ended with code {child.returncode} while starting: {child.last_words()}",
                f"See {child.log_file}.",
            )
        if time.monotonic() > deadline:
            raise StackError(f"{child.name} was not ready within {timeout:.0f} s", f"See {child.log_file}.")
        time.sleep(0.03)


@dataclass
class Child:
    """One process to run: what to execute, where its output goes, how it likes to be stopped."""

    name: str
    argv: Sequence[str]
    log_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 20.0
    after_stop: Callable[[], None] | None = None
    process: "subprocess.Popen[bytes] | None" = None
    log_start: int = 0

    def start(self) -> None:
        """Start it in a session of its own. Call from the main thread: the kernel ties its life to the caller's."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        launcher = [sys.executable, "-IS", str(LAUNCHER), str(int(self.stop_signal)), str(os.getpid())]
        with self.log_file.open("ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [*launcher, *self.argv],
                env={**os.environ, **self.env},
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return None if self.process is None else self.process.poll()

    def ask_to_stop(self) -> None:
        """Send the stop signal without waiting."""
        if self.process is not None and self.alive:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Stop it, by force after the grace time, and wait until it is gone."""
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(self.grace_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.after_stop is not None:
            self.after_stop()

    def log_tail(self, lines: int = 15) -> list[str]:
        """The last `lines` lines that this run of it logged."""
        if not self.log_file.exists():
            return []
        with self.log_file.open("rb") as log:
            log.seek(max(self.log_start, self.log_file.stat().st_size - 64_000))
            return log.read().decode("utf-8", "replace").splitlines()[-lines:]

    def last_words(self) -> str:
        """Its last log line, for an error message."""
        return next((line.strip() for line in reversed(self.log_tail()) if line.strip()), "no output")


def send(process: psutil.Process, number: int) -> None:
    """Send a signal to a process that may have ended since it was found."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
