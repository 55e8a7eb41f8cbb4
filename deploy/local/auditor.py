"""The database role `auditor`: reads every log and read model in every service's database, and writes nothing."""

from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local.databases import ROLES_LOCK, sqlalchemy_url, with_database
from deploy.local.secret_files import password_in

AUDITOR = "auditor"
SCHEMAS = """
    SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"""


def create_auditor(superuser_url: str, databases: Mapping[str, str], secrets: Path) -> dict[str, str]:
    """Make the role and let it read all that is there, and all that will be; done again, it changes nothing.

    `databases` has the owner role of each; its password is kept in `secrets`. Gives an address of each database for
    SQLAlchemy. The vault is not among them: who holds its keys can open what they should not.
    """
    password = password_in(secrets / AUDITOR)
    role = sql.Identifier(AUDITOR)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ROLES_LOCK])
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [AUDITOR]).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        give = sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD {}")
        connection.execute(give.format(role, sql.Literal(password)))
        connection.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role))
        for database in databases:
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), role))
    for database, owner in databases.items():
        with psycopg.connect(with_database(superuser_url, database), autocommit=True) as connection:
            _let_read(connection, role, sql.Identifier(owner))
    return {database: sqlalchemy_url(superuser_url, AUDITOR, password, database) for database in databases}


def _let_read(connection: psycopg.Connection, role: sql.Identifier, owner: sql.Identifier) -> None:
    for schema, *_ in connection.execute(SCHEMAS).fetchall():
        there = sql.Identifier(schema)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(there, role))
        connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(there, role))
    for what in ("SELECT ON TABLES", "USAGE ON SCHEMAS"):
        coming = "ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT " + what + " TO {}"
        connection.execute(sql.SQL(coming).format(owner, role))
