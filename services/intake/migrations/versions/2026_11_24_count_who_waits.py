"""Keep since when a case waits for us, so that the backlog can be counted."""

from alembic import op

revision = "intake_0003"
down_revision = "intake_0002"

CHANGE = """
ALTER TABLE tracking ADD COLUMN waits_since timestamptz;
CREATE INDEX tracking_waits ON tracking (waits_since) WHERE waits_since IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CHANGE)
