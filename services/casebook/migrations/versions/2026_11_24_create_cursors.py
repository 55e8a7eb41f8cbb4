"""Create the cursors and the dead letters."""

from shared.eventstore.migrate import create_consumer

revision = "casebook_0001"
down_revision = None


def upgrade() -> None:
    create_consumer(app_role="casebook")
