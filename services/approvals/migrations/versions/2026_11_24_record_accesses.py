"""Record who read which cases."""

from shared.eventstore.migrate import create_access_records

revision = "approvals_0005"
down_revision = "approvals_0004"


def upgrade() -> None:
    create_access_records(app_role="approvals")
