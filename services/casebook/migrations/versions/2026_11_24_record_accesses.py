"""Record who read which cases."""

from shared.eventstore.migrate import create_access_records

revision = "casebook_0011"
down_revision = "casebook_0010"


def upgrade() -> None:
    create_access_records(app_role="casebook")
