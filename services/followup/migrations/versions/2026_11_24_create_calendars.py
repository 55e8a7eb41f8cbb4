"""Create the calendars that clocks count in, by version."""

from alembic import op

revision = "followup_0002"
down_revision = "followup_0001"


def upgrade() -> None:
    op.execute("CREATE TABLE pinned_calendar (version text PRIMARY KEY, content jsonb NOT NULL)")
    op.execute("GRANT SELECT, INSERT ON pinned_calendar TO followup")
