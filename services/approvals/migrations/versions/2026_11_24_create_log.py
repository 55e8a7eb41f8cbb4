"""Create the log, the timers, the cursors and the dead letters."""

from shared.eventstore.migrate import create_consumer, create_log

revision = "approvals_0001"
down_revision = None


def upgrade() -> None:
    create_log("approvals", app_role="approvals")
    create_consumer(app_role="approvals")
