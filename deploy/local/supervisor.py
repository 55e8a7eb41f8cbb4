"""Runs one stack until somebody asks it to stop or a part of it dies.

Usage: python -m deploy.local.supervisor HOME [OTLP_ENDPOINT], as `recourse up --detach` does; each line on
standard output is one step of progress as JSON, the last one has "ready" or "problem".
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType

import psutil

from deploy.local.errors import StackError, UsageError
from deploy.local.home import Home
from deploy.local.locks import alone
from deploy.local.stack import SERVICE_MODULE, ChildDied, Report, Stack
from shared.kernel.errors import RecourseError

STOP_SECONDS = 120


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C or ran `recourse down`."""


def supervise(
    home: Home,
    report: Report,
    on_ready: Callable[[], None],
    otlp_endpoint: str | None = None,
    service_module: str = SERVICE_MODULE,
) -> None:
    """Run the stack of `home` from start to stop; returns after a stop that was asked for.

    UsageError if one runs there already, StackError if it cannot start or a part dies. Main thread only.
    """
    home.prepare()
    # `status` holds the lock for an instant when it looks.
    with alone(home.lock, patience=1) as held:
        if not held:
            raise UsageError(
                f"A stack already runs on {home.root} (process {home.state().supervisor})",
                "See `recourse status`, or stop it with `recourse down`.",
            )
        home.reclaim()
        home.write(replace(home.state(), supervisor=os.getpid()))
        stack = Stack(home, report, otlp_endpoint=otlp_endpoint, service_module=service_module)
        before = {signum: signal.signal(signum, _request_stop) for signum in (signal.SIGINT, signal.SIGTERM)}
        try:
            stack.start()
            home.write(replace(home.state(), ready=True))
            on_ready()
            stack.watch()
        except StopRequested:
            return
        finally:
            # From here on a second Ctrl-C must not leave half of it running.
            for signum in before:
                signal.signal(signum, signal.SIG_IGN)
            stack.stop()
            for signum, handler in before.items():
                signal.signal(signum, handler)


def stop_running(home: Home) -> bool:
    """Ask the stack of `home` to stop and wait until it has; False if none runs. Orphans are stopped as well."""
    if not home.lock.exists():
        return False
    with alone(home.lock) as held:
        if held:
            return bool(home.reclaim())
    pid = home.state().supervisor
    with suppress(psutil.NoSuchProcess):  # it ended just now
        psutil.Process(pid).terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while home.is_running():
        if time.monotonic() > deadline:
            raise StackError(f"Process {pid} did not stop within {STOP_SECONDS} s", f"See the logs in {home.logs}.")
        time.sleep(0.1)
    return True


def _request_stop(_signum: int, _frame: FrameType | None) -> None:
    raise StopRequested


def main(arguments: list[str]) -> int:
    """Run with progress as JSON lines; returns the exit code."""

    def say(what: object) -> None:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()

    def ready() -> None:
        say({"ready": True})
        # Our reader leaves now; nothing more is written to it.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())

    home, endpoint = Home(Path(arguments[0])), arguments[1] if len(arguments) > 1 else None
    try:
        supervise(home, lambda step: say(asdict(step)), ready, endpoint)
    except RecourseError as error:
        lines = error.lines if isinstance(error, ChildDied) else []
        say({"problem": error.problem, "fix": error.fix, "lines": lines})
        return 2 if isinstance(error, UsageError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
