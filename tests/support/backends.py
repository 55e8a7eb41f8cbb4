"""Real PostgreSQL and Kafka for tests: given addresses, else containers, else the local stack in a temporary place."""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer

from deploy.local.databases import (
    ServiceDatabase,
    VaultDatabase,
    create_service_database,
    create_vault_database,
    drop_database,
)
from deploy.local.identity import SERVICES
from deploy.local.kafka import SETTINGS as KAFKA_SETTINGS
from deploy.local.kafka import LocalKafka, answers
from deploy.local.postgres import THROWAWAY, LocalPostgres
from deploy.local.process import free_port
from tests.support.waiting import eventually

POSTGRES_IMAGE = "postgres:17"
KAFKA_IMAGE = "apache/kafka:4.1.0"
POSTGRES_VARIABLE = "RECOURSE_TEST_POSTGRES_URL"
KAFKA_VARIABLE = "RECOURSE_TEST_KAFKA"
# "containers" or "local"; unset, containers are used where an engine answers.
CHOICE_VARIABLE = "RECOURSE_TEST_BACKENDS"
ROLE_PASSWORD = "only-for-tests"

MakeVaultDatabase = Callable[[], VaultDatabase]
MakeServiceDatabase = Callable[[str], ServiceDatabase]


def use_containers() -> bool:
    """Whether to take containers: as the environment says, else if a Docker engine answers."""
    choice = os.environ.get(CHOICE_VARIABLE, "")
    if choice not in ("", "containers", "local"):
        raise pytest.UsageError(f"{CHOICE_VARIABLE}={choice!r} is unknown; set it to containers or local")
    return choice == "containers" or (choice == "" and docker_answers())


def docker_answers() -> bool:
    """Whether a Docker engine listens here."""
    address = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    try:
        if address.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as knock:
                knock.connect(address.path)
        else:
            socket.create_connection((address.hostname or "localhost", address.port or 2375), timeout=3).close()
    except OSError:
        return False
    return True


def kafka_container(port: int) -> DockerContainer:
    """One KRaft node that listens, inside and outside, on `port`."""
    settings = {
        **KAFKA_SETTINGS,
        "listeners": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "advertised.listeners": f"PLAINTEXT://localhost:{port}",
        "controller.quorum.voters": "1@localhost:9093",
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, port)
    for name, value in settings.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    return container


@pytest.fixture(scope="session")
def postgres_admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A superuser's address of a running PostgreSQL, as libpq reads it."""
    if given := os.environ.get(POSTGRES_VARIABLE):
        yield given
    elif use_containers():
        with PostgresContainer(POSTGRES_IMAGE, username="postgres", dbname="postgres", driver=None) as container:
            yield container.get_connection_url()
    else:
        server = LocalPostgres(tmp_path_factory.mktemp("postgres"), settings=THROWAWAY)
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a running Kafka. A test makes its own topics, or takes those of `deploy/topics.yaml`."""
    if given := os.environ.get(KAFKA_VARIABLE):
        yield given
    elif use_containers():
        port = free_port()
        with kafka_container(port):
            bootstrap = f"localhost:{port}"
            eventually(lambda: answers(bootstrap), timeout=90)
            yield bootstrap
    else:
        broker = LocalKafka(tmp_path_factory.mktemp("kafka"))
        broker.start()
        try:
            yield broker.bootstrap
        finally:
            broker.stop()


@pytest.fixture(scope="module")
def service_database(postgres_admin_url: str) -> Iterator[MakeServiceDatabase]:
    """`service_database("triage")` makes a fresh database with the service's roles; dropped after the module.

    The role names are the real ones (`triage_owner`, `triage`), the database name is new each time.
    """
    made: list[str] = []

    def make(name: str) -> ServiceDatabase:
        database = f"recourse_{name}_{secrets.token_hex(4)}"
        made.append(database)
        return create_service_database(postgres_admin_url, name, database, ROLE_PASSWORD, ROLE_PASSWORD)

    yield make
    for database in made:
        drop_database(postgres_admin_url, database)


@pytest.fixture(scope="module")
def vault_database(postgres_admin_url: str) -> Iterator[MakeVaultDatabase]:
    """`vault_database()` makes a fresh, empty database for a vault, open to all services' roles."""
    made: list[str] = []

    def make() -> VaultDatabase:
        made.append(f"recourse_vault_{secrets.token_hex(4)}")
        return create_vault_database(
            postgres_admin_url, made[-1], ROLE_PASSWORD, dict.fromkeys(SERVICES, ROLE_PASSWORD)
        )

    yield make
    for database in made:
        drop_database(postgres_admin_url, database)
