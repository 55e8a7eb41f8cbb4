"""A home from before the search was blinded has its read models rebuilt once, before the service goes on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url

import services.casebook as casebook
from deploy.local.databases import ServiceDatabase
from services.casebook.projections.order import RebuildOrder
from services.casebook.projections.renewal import Renewal
from services.casebook.projections.vault_access import VaultAccess
from services.casebook.tables import LIVE
from shared.contracts.intake import CaseOpened
from shared.eventstore.database import Database
from shared.eventstore.migrate import migrate
from shared.messaging.broker import ensure_topics
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase, MakeVaultDatabase
from tests.support.casebook import go_live, publish, rows_of
from tests.support.rebuilding import PARTS, batches, history
from tests.support.vault import make_vault

pytestmark = pytest.mark.backends
BEFORE = "casebook_0009"
OLD_ROWS = """
    INSERT INTO live.case_list (case_id, opened_at) VALUES (gen_random_uuid(), now());
    INSERT INTO live.case_search (case_id, subject) VALUES (gen_random_uuid(), 'My money')"""
WORDS = "SELECT count(words) FROM live.case_search"


def migrate_to(url: str, revision: str) -> None:
    """Bring a database to an older schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(casebook.__path__[0]) / "migrations"))
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture
async def owner(service_database: MakeServiceDatabase) -> AsyncIterator[tuple[ServiceDatabase, asyncpg.Connection]]:
    """An old home, as its owner, with rows in it."""
    made = service_database("casebook")
    migrate_to(made.migration_database_url, BEFORE)
    conn = await asyncpg.connect(made.migration_database_url.replace("+asyncpg", ""))
    yield made, conn
    await conn.close()


async def stale(conn: asyncpg.Connection) -> bool:
    return await conn.fetchval("SELECT obj_description(to_regclass('live.case_search'))") is not None


async def test_an_old_home_is_rebuilt_once_and_found_by_its_words(
    owner: tuple[ServiceDatabase, asyncpg.Connection], vault_database: MakeVaultDatabase, kafka_bootstrap: str
) -> None:
    made, conn = owner
    await conn.execute(OLD_ROWS)
    migrate(made.migration_database_url, casebook)
    assert await stale(conn)
    assert await conn.fetchval(WORDS) == 0

    vault = make_vault(vault_database)
    topics = {log: f"{log}-{new_id().hex}.events" for log in casebook.CHARTER.listens}
    await ensure_topics(kafka_bootstrap, topics.values(), PARTS)
    events = history(3)
    await publish(kafka_bootstrap, topics, events)
    access = VaultAccess(vault.database.urls["casebook"], vault.line)
    order = RebuildOrder(made.migration_database_url, "casebook", kafka_bootstrap, topics, vault=access)
    async with Renewal(order).before_running(None):
        assert not await stale(conn)
        assert await conn.fetchval(WORDS) > 0
        assert await conn.fetchval("SELECT count(*) FROM live.case_list") >= len(
            {event.stream_id for event in events if event.type == CaseOpened.TYPE}
        )
    rebuilt = await rows_of(conn, LIVE)
    # Live goes on where the rebuild ended, and a second start finds nothing to do.
    database = await Database(made.database_url).open()
    await go_live(database, batches(events))
    await database.close()
    async with Renewal(replace(order, kafka_bootstrap="nowhere:1")).before_running(None):
        assert await rows_of(conn, LIVE) == rebuilt


async def test_a_new_home_has_nothing_to_rebuild(owner: tuple[ServiceDatabase, asyncpg.Connection]) -> None:
    made, conn = owner
    migrate(made.migration_database_url, casebook)
    assert not await stale(conn)


async def test_without_the_owners_right_a_service_starts_as_it_is() -> None:
    async with Renewal(None).before_running(None):
        pass


async def test_a_rebuild_that_fails_keeps_no_service_from_starting(
    owner: tuple[ServiceDatabase, asyncpg.Connection], kafka_bootstrap: str
) -> None:
    made, conn = owner
    await conn.execute(OLD_ROWS)
    migrate(made.migration_database_url, casebook)
    topics = {log: f"{log}-{new_id().hex}.events" for log in casebook.CHARTER.listens}
    await ensure_topics(kafka_bootstrap, topics.values(), PARTS)
    first = next(event for event in history(3) if event.log == "intake")
    await publish(kafka_bootstrap, topics, [first, first._replace(event_id=new_id(), position=first.position + 2)])
    order = RebuildOrder(made.migration_database_url, "casebook", kafka_bootstrap, topics)
    async with Renewal(order).before_running(None):
        assert await stale(conn)
        assert await conn.fetchval("SELECT count(*) FROM live.case_list") == 1
