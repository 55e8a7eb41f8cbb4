"""Record who read which cases."""

from shared.eventstore.migrate import create_access_records

revision = "followup_0004"
down_revision = "followup_0003"


def upgrade() -> None:
    create_access_records(app_role="followup")
