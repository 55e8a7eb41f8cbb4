"""Everything that runs: started in the right order, watched, and stopped in the reverse order."""

import http.client
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from deploy.local.auditor import create_auditor
from deploy.local.databases import create_service_databases, create_vault
from deploy.local.environment import HOST, ROOT, Surroundings
from deploy.local.errors import StackError
from deploy.local.home import Home, Running
from deploy.local.identity import SERVICES
from deploy.local.kafka import LocalKafka
from deploy.local.log_keys import LogKeys
from deploy.local.postgres import LocalPostgres
from deploy.local.process import Child, free_port, port_is_free, wait_until
from deploy.local.secret_files import keep_master_key
from deploy.topics import every_topic

PORTS = ("kafka", "kafka_controller", "mailcatcher", "mail_door", *SERVICES)
PARTS = ("postgres", "kafka", "mailcatcher", *SERVICES)
SERVICE_MODULE = "services.{name}.main"
SERVICE_START_SECONDS = 90


@dataclass(frozen=True)
class Step:
    """Progress of one part. `done` of `total` counts what is being fetched; `total` is 0 when nothing is."""

    part: str
    status: str
    done: int = 0
    total: int = 0
    note: str = ""


Report = Callable[[Step], None]


class ChildDied(StackError):
    """A part of the stack ended by itself; `lines` are the last ones of its log."""

    def __init__(self, child: Child) -> None:
        super().__init__(f"{child.name} ended by itself with code {child.returncode}", f"See {child.log_file}.")
        self.lines = child.log_tail()


def keep_ports(kept: Mapping[str, int]) -> dict[str, int]:
    """A free port for every name, the kept one where it still is free."""
    ports: dict[str, int] = {}
    for name in PORTS:
        before = kept.get(name, 0)
        ports[name] = before if before and port_is_free(before) else free_port([*ports.values(), *kept.values()])
    return ports


def is_ready(port: int) -> bool:
    """Whether the service on `port` says it is ready, or that its store must be reconciled first."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return answer.status == http.HTTPStatus.OK or isinstance(json.load(answer)["checks"].get("log"), str)
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()


@dataclass
class Stack:
    """One run of the whole system on `home`. Use from the main thread; always call `stop` at the end."""

    home: Home
    report: Report
    policies: Path = ROOT / "policies"
    otlp_endpoint: str | None = None
    service_module: str = SERVICE_MODULE
    children: list[Child] = field(default_factory=list)

    def start(self) -> None:
        """Start all parts and wait until each is ready; StackError if one is not."""
        self.home.identity.prepare()
        LogKeys(self.home.identity).prepare()
        ports = keep_ports(self.home.state().ports)
        self.home.write(replace(self.home.state(), ports=ports))
        postgres = LocalPostgres(self.home.postgres)
        kafka = LocalKafka(self.home.kafka, ports["kafka"], ports["kafka_controller"], progress=self._fetching)
        self._prepare_and_start(postgres)
        self._prepare_and_start(kafka)
        self._start(self._mailcatcher(ports["mailcatcher"]))
        postgres.wait_ready()
        databases = create_service_databases(postgres.url(), SERVICES, self.home.secrets)
        keep_master_key(self.home.master_key)
        vault = create_vault(postgres.url(), SERVICES, self.home.secrets)
        create_auditor(
            postgres.url(), {made.name: f"{name}_owner" for name, made in databases.items()}, self.home.secrets
        )
        self.report(Step("postgres", "ready"))
        kafka.wait_ready()
        kafka.create_topics(every_topic())
        self.report(Step("kafka", "ready"))
        files = self.home.identity, self.policies, vault, self.home.master_key
        around = Surroundings(ports, kafka.bootstrap, databases, *files, self.otlp_endpoint)
        services = [self._service(name, around) for name in SERVICES]
        for service in services:
            self._start(service)
        self._wait_for_services(services, ports)

    def watch(self) -> None:
        """Return never; ChildDied as soon as a part ends by itself."""
        while True:
            for child in self.children:
                self._check(child)
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop services and catcher, then Kafka and PostgreSQL; returns when all are gone."""
        backends = [child for child in self.children if child.name in ("postgres", "kafka")]
        self._stop([child for child in self.children if child not in backends])
        self._stop(backends)
        self.home.write(replace(self.home.state(), children={}, supervisor=0, ready=False))

    def _prepare_and_start(self, backend: LocalPostgres | LocalKafka) -> None:
        self.report(Step(backend.child.name, "preparing"))
        backend.prepare()
        self._start(backend.child)

    def _start(self, child: Child) -> None:
        self.children.append(child)
        child.start()
        assert child.process is not None
        pid = child.process.pid
        running = Running(pid, psutil.Process(pid).create_time(), int(child.stop_signal))
        state = self.home.state()
        self.home.write(replace(state, children={**state.children, child.name: running}))
        self.report(Step(child.name, "starting"))

    def _check(self, child: Child) -> None:
        if not child.alive:
            self.report(Step(child.name, "failed"))
            raise ChildDied(child)

    def _stop(self, children: Sequence[Child]) -> None:
        alive = [child for child in children if child.alive]
        for child in alive:
            self.report(Step(child.name, "stopping"))
            child.ask_to_stop()
        for child in alive:
            child.stop()
            self.report(Step(child.name, "stopped"))

    def _wait_for_services(self, services: Sequence[Child], ports: Mapping[str, int]) -> None:
        waiting = {service.name: service for service in services}

        def all_ready() -> bool:
            for name, service in list(waiting.items()):
                self._check(service)
                if is_ready(ports[name]):
                    del waiting[name]
                    self.report(Step(name, "ready"))
            return not waiting

        wait_until(all_ready, services[-1], SERVICE_START_SECONDS)

    def _mailcatcher(self, port: int) -> Child:
        argv = [sys.executable, "-m", "deploy.mailcatcher", "--port", str(port)]
        argv += ["--mailbox", str(self.home.mailbox.absolute())]
        return Child("mailcatcher", argv, self.home.logs / "mailcatcher.log", directory=ROOT)

    def _service(self, name: str, around: Surroundings) -> Child:
        argv = [sys.executable, "-m", self.service_module.format(name=name)]
        return Child(name, argv, self.home.logs / f"{name}.log", env=around.of(name), directory=ROOT)

    def _fetching(self, done: int, total: int, size: int) -> None:
        if size:
            self.report(Step("kafka", "fetching", done, total, f"{size / 1e6:.0f} MB"))
