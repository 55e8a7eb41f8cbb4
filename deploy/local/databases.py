"""One database and two roles for each service, and the vault that all of them have a narrow way into.

The owner migrates, the service only uses what it is granted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.local.secret_files import password_in

ROLES_LOCK = 0x7265636F  # one at a time: CREATE ROLE and GRANT ON DATABASE fail when they meet


@dataclass(frozen=True)
class ServiceDatabase:
    """Where a service's database is, as SQLAlchemy reads it: for the service, and for its migrations."""

    name: str
    database_url: str
    migration_database_url: str


@dataclass(frozen=True)
class VaultDatabase:
    """Where the vault's database is, for its owner, and for each service under the service's own role."""

    name: str
    migration_url: str
    urls: Mapping[str, str]


def create_service_databases(superuser_url: str, names: Iterable[str], secrets: Path) -> dict[str, ServiceDatabase]:
    """Make `recourse_NAME` with roles `NAME_owner` and `NAME` for each of `names`; done again, it changes nothing.

    `superuser_url` is a libpq URL; the passwords are kept in `secrets`, one file a role.
    """
    made = {}
    for name in names:
        passwords = password_in(secrets / f"{name}_owner"), password_in(secrets / name)
        made[name] = create_service_database(superuser_url, name, f"recourse_{name}", *passwords)
    return made


def create_service_database(
    superuser_url: str, name: str, database: str, owner_password: str, password: str
) -> ServiceDatabase:
    """Make `database` for the service `name` unless it is there, and give both roles these passwords."""
    owner = f"{name}_owner"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ROLES_LOCK])
        _role(connection, owner, owner_password)
        _role(connection, name, password)
        _database(connection, database, owner, [name])
    _schema(with_database(superuser_url, database), [name])
    return ServiceDatabase(
        database,
        sqlalchemy_url(superuser_url, name, password, database),
        sqlalchemy_url(superuser_url, owner, owner_password, database),
    )


def create_vault(superuser_url: str, services: Iterable[str], secrets: Path) -> VaultDatabase:
    """Make `recourse_vault` with the role `vault_owner`, open to the roles of `services`."""
    passwords = {name: password_in(secrets / name) for name in services}
    return create_vault_database(superuser_url, "recourse_vault", password_in(secrets / "vault_owner"), passwords)


def create_vault_database(
    superuser_url: str, database: str, owner_password: str, passwords: Mapping[str, str]
) -> VaultDatabase:
    """Make the vault's `database` unless it is there; `passwords` are those of the services' roles."""
    owner = "vault_owner"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ROLES_LOCK])
        for name, password in {owner: owner_password, **passwords}.items():
            _role(connection, name, password)
        _database(connection, database, owner, list(passwords))
    _schema(with_database(superuser_url, database), list(passwords))
    urls = {name: sqlalchemy_url(superuser_url, name, password, database) for name, password in passwords.items()}
    return VaultDatabase(database, sqlalchemy_url(superuser_url, owner, owner_password, database), urls)


def drop_database(superuser_url: str, database: str) -> None:
    """Drop `database` and end every session in it; its roles stay."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(database)))


def with_database(url: str, database: str) -> str:
    """`url` with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database)}"))


def sqlalchemy_url(superuser_url: str, user: str, password: str, database: str) -> str:
    """The address of `database` for `user` on the same server, for SQLAlchemy with asyncpg."""
    parts = urlsplit(with_database(superuser_url, database))
    server = parts.netloc.rpartition("@")[2]
    # urlunsplit would drop the empty authority of a socket address.
    query = f"?{parts.query}" if parts.query else ""
    return f"postgresql+asyncpg://{quote(user)}:{quote(password, safe='')}@{server}{parts.path}{query}"


def _database(connection: psycopg.Connection, database: str, owner: str, users: Iterable[str]) -> None:
    if not _exists(connection, "SELECT FROM pg_database WHERE datname = %s", database):
        create = sql.SQL("CREATE DATABASE {} OWNER {}")
        connection.execute(create.format(sql.Identifier(database), sql.Identifier(owner)))
    for other in ("postgres", "template1", database):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(other)))
    grant = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
    for user in users:
        connection.execute(grant.format(sql.Identifier(database), sql.Identifier(user)))


def _schema(url: str, users: Iterable[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        # Objects go where their owner says; the service's role makes none.
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for user in users:
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(user)))


def _exists(connection: psycopg.Connection, query: str, value: str) -> bool:
    return connection.execute(query.encode(), [value]).fetchone() is not None


def _role(connection: psycopg.Connection, name: str, password: str) -> None:
    if not _exists(connection, "SELECT FROM pg_roles WHERE rolname = %s", name):
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    give = sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
    connection.execute(give.format(sql.Identifier(name), sql.Literal(password)))
