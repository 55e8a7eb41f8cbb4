"""The database role of auditors reads every table that a service has or will have, and changes none."""

from pathlib import Path

import asyncpg
import psycopg
import pytest

import services.approvals as approvals
import services.casebook as casebook
from deploy.local.auditor import create_auditor
from deploy.local.databases import with_database
from shared.eventstore.migrate import migrate
from tests.support.backends import MakeServiceDatabase

pytestmark = pytest.mark.backends
TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""


async def test_the_role_reads_all_there_is_and_all_there_will_be(
    service_database: MakeServiceDatabase, postgres_admin_url: str, tmp_path: Path
) -> None:
    before, after = service_database("approvals"), service_database("casebook")
    migrate(before.migration_database_url, approvals)
    urls = create_auditor(postgres_admin_url, {before.name: "approvals_owner", after.name: "casebook_owner"}, tmp_path)
    migrate(after.migration_database_url, casebook)
    for name, some in ((before.name, "public.event"), (after.name, "live.case_list")):
        with psycopg.connect(with_database(postgres_admin_url, name)) as admin:
            tables = [table for (table,) in admin.execute(TABLES).fetchall()]
        assert some in tables
        conn = await asyncpg.connect(urls[name].replace("+asyncpg", ""))
        for table in tables:
            await conn.fetch(f"SELECT * FROM {table} LIMIT 1")
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"INSERT INTO {table} DEFAULT VALUES"):
                with pytest.raises((asyncpg.ReadOnlySQLTransactionError, asyncpg.InsufficientPrivilegeError)):
                    await conn.execute(statement)
        await conn.execute("SET default_transaction_read_only = off")
        for table in tables:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(f"DELETE FROM {table}")
        await conn.close()
    assert create_auditor(postgres_admin_url, {before.name: "approvals_owner"}, tmp_path)
