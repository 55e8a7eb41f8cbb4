"""Record who read which cases."""

from shared.eventstore.migrate import create_access_records

revision = "intake_0010"
down_revision = "intake_0009"


def upgrade() -> None:
    create_access_records(app_role="intake")
