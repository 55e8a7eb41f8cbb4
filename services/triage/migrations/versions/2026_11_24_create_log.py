"""Create the log, the timers, the cursors and the dead letters."""

from shared.eventstore.migrate import create_consumer, create_log

revision = "triage_0001"
down_revision = None


def upgrade() -> None:
    create_log("triage", app_role="triage")
    create_consumer(app_role="triage")
