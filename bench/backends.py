"""A durable PostgreSQL and a Kafka for one benchmark run, and databases in them."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

import services.approvals as approvals
from deploy.local.databases import ServiceDatabase, create_service_database, create_vault_database
from deploy.local.identity import SERVICES
from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres
from shared.eventstore import vault_schema
from shared.eventstore.migrate import migrate

PASSWORD = "only-for-the-benchmark"


@dataclass(frozen=True)
class Backends:
    """Addresses of the servers of this run."""

    admin_url: str
    kafka: str

    def log(self) -> ServiceDatabase:
        """Make a fresh database with a migrated log."""
        made = create_service_database(self.admin_url, "approvals", f"bench_{secrets.token_hex(4)}", PASSWORD, PASSWORD)
        migrate(made.migration_database_url, approvals)
        return made

    def vault(self) -> str:
        """Make a fresh, migrated vault; gives its address for approvals, whose log is measured."""
        name, passwords = f"bench_{secrets.token_hex(4)}", dict.fromkeys(SERVICES, PASSWORD)
        made = create_vault_database(self.admin_url, name, PASSWORD, passwords)
        migrate(made.migration_url, vault_schema)
        return made.urls["approvals"]

    def plain(self) -> str:
        """Make a fresh empty database; gives its address as libpq reads it."""
        name = f"bench_{secrets.token_hex(4)}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        url = make_url(self.admin_url).set(database=name)
        return url.render_as_string(hide_password=False)


@contextmanager
def running(kafka: bool) -> Iterator[Backends]:
    """Start the servers in a temporary place, with fsync and synchronous_commit on."""
    with tempfile.TemporaryDirectory(prefix="recourse-bench-") as place:
        postgres = LocalPostgres(Path(place) / "postgres")
        postgres.start()
        try:
            if not kafka:
                yield Backends(postgres.url(), "")
                return
            broker = LocalKafka(Path(place) / "kafka")
            broker.start()
            try:
                yield Backends(postgres.url(), broker.bootstrap)
            finally:
                broker.stop()
        finally:
            postgres.stop()
