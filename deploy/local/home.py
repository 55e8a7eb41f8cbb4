"""What a local stack keeps on disk, all under one directory."""

import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil

from deploy.local.errors import UsageError
from deploy.local.identity import Identity
from deploy.local.locks import alone
from deploy.local.process import send
from deploy.local.secret_files import write_secret


@dataclass(frozen=True)
class Running:
    """A process we started: its id, when it began (seconds since 1970), the signal that stops it."""

    pid: int
    created: float
    stop_signal: int

    def process(self) -> psutil.Process | None:
        """The process, unless it is gone or its id now belongs to another."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) < 0.05 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


@dataclass(frozen=True)
class State:
    """What `state.json` says: the ports of this home, and the processes of the current or last run."""

    ports: Mapping[str, int] = field(default_factory=dict)
    supervisor: int = 0
    ready: bool = False
    children: Mapping[str, Running] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """The base address of a service's API."""
        return f"http://127.0.0.1:{self.ports[name]}"


@dataclass(frozen=True)
class Home:
    """The directory of one local stack and the places in it."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.root.absolute())  # the services run in another directory

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data, socket and log."""
        return self.root / "postgres"

    @property
    def kafka(self) -> Path:
        """Kafka's data, settings and log."""
        return self.root / "kafka"

    @property
    def secrets(self) -> Path:
        """Database passwords, one file a role."""
        return self.root / "secrets"

    @property
    def master_key(self) -> Path:
        """The master keys that the vault's keys are wrapped with: without this file nothing sealed opens."""
        return self.root / "secrets" / "master_key"

    @property
    def mailbox(self) -> Path:
        """The mails that the catcher kept."""
        return self.root / "mailbox"

    @property
    def logs(self) -> Path:
        """One log a service."""
        return self.root / "logs"

    @property
    def identity(self) -> Identity:
        """Users, keys and tokens."""
        return Identity(self.root / "identity")

    @property
    def lock(self) -> Path:
        """Held by whoever runs the stack."""
        return self.root / "up.lock"

    def prepare(self) -> None:
        """Make the directory; UsageError if that is not possible."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.lock.touch()
        except OSError as error:
            raise UsageError(f"{self.root} cannot be written: {error.strerror}", "Name another --home.") from error

    def is_running(self) -> bool:
        """Whether a stack runs on this home now."""
        if not self.lock.exists():
            return False
        with alone(self.lock) as held:
            return not held

    def state(self) -> State:
        """The kept state, empty for a new home; UsageError if the file is damaged."""
        try:
            raw = json.loads(self._state_file.read_text())
            children = {name: Running(**child) for name, child in raw.pop("children").items()}
            return State(**raw, children=children)
        except FileNotFoundError:
            return State()
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{self._state_file} cannot be read: {error}", "Remove that file.") from error

    def write(self, state: State) -> None:
        """Keep `state`, whole or not at all."""
        write_secret(self._state_file, json.dumps(asdict(state), indent=2).encode())

    def orphans(self) -> dict[str, psutil.Process]:
        """Processes of a killed run that are still there, by name; none while a stack runs."""
        if self.is_running():
            return {}
        found = {name: child.process() for name, child in self.state().children.items()}
        return {name: process for name, process in found.items() if process is not None}

    def reclaim(self) -> list[str]:
        """Stop what a killed run left behind; returns the names. Call only while holding the lock."""
        children = self.state().children
        left = {name: (child, process) for name, child in children.items() if (process := child.process())}
        for child, process in left.values():
            send(process, child.stop_signal)
        _, stubborn = psutil.wait_procs([process for _, process in left.values()], timeout=10)
        for process in stubborn:
            send(process, signal.SIGKILL)
        psutil.wait_procs(stubborn, timeout=10)
        self.write(replace(self.state(), children={}, supervisor=0, ready=False))
        return list(left)

    @property
    def _state_file(self) -> Path:
        return self.root / "state.json"


def default_home() -> Path:
    """$RECOURSE_HOME, else .recourse in the current directory."""
    return Path(os.environ.get("RECOURSE_HOME") or ".recourse")
