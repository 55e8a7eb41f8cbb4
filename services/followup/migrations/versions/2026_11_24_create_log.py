"""Create the log, the timers, the cursors and the dead letters."""

from shared.eventstore.migrate import create_consumer, create_log

revision = "followup_0001"
down_revision = None


def upgrade() -> None:
    create_log("followup", app_role="followup")
    create_consumer(app_role="followup")
