"""Schema migrations, applied by the service itself at start, one at a time over all its instances."""

from pathlib import Path
from types import ModuleType

import psycopg
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection, MetaData, create_engine, make_url, text

HERE = Path(__file__).parent
MIGRATION_LOCK = 9


def migrate(url: str, service: ModuleType) -> None:
    """Bring the service's database to its newest schema, as the owner role; safe with several instances starting.

    `service` is the service's package; its `migrations/` folder holds env.py and versions/.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(service.__path__[0]) / "migrations"))
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock, 0)"), {"lock": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def run_env(metadata: MetaData | None = None) -> None:
    """The body of every service's migrations/env.py: run on the connection that `migrate` holds."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


def create_log(log: str, app_role: str, parts: int = 8) -> None:
    """Create the append-only log of a deciding service and grant its role what it needs; called from a migration."""
    _run_sql("log_ddl.sql", log=log, parts=parts)
    op.execute(f'GRANT SELECT ON log_identity, event, command TO "{app_role}"')
    op.execute(f'GRANT EXECUTE ON FUNCTION append_event, append_events TO "{app_role}"')
    op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON timer TO "{app_role}"')


def create_evidence(log: str, app_role: str) -> None:
    """Create what the sealer of a log keeps, and grant the service's role what it needs; called from a migration."""
    _run_sql("evidence_ddl.sql", log=log)
    op.execute(f'GRANT SELECT, INSERT ON tile, checkpoint, key_statement TO "{app_role}"')
    op.execute(f'GRANT UPDATE (sent) ON checkpoint, key_statement TO "{app_role}"')


def create_consumer(app_role: str) -> None:
    """Create the cursors and dead letters of a consumer and grant its role what it needs; called from a migration."""
    _run_sql("consumer_ddl.sql")
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON log_cursor, dead_letter TO "{app_role}"')
    op.execute(f'GRANT DELETE ON log_cursor TO "{app_role}"')
    op.execute(f'GRANT SELECT, INSERT ON dead_letter_act TO "{app_role}"')


def create_access_records(app_role: str) -> None:
    """Create the records of who read what, and let the service's role add to them; called from a migration."""
    _run_sql("access_ddl.sql")
    op.execute(f'GRANT SELECT, INSERT ON access_record TO "{app_role}"')


def _run_sql(name: str, **values: str | int) -> None:
    driver = op.get_bind().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute((HERE / name).read_text() % values)  # without parameters, so that % in the SQL stays itself
