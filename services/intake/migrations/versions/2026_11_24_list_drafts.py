"""Keep which replies wait for a second person, so that none is forgotten."""

from alembic import op

revision = "intake_0005"
down_revision = "intake_0004"

CREATE = """
CREATE TABLE draft (
    draft_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    category text NOT NULL,
    channel text NOT NULL,
    drafted_by text NOT NULL,
    drafted_at timestamptz NOT NULL,
    waits boolean NOT NULL DEFAULT true
);
CREATE INDEX draft_waits ON draft (drafted_at, draft_id) WHERE waits;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CREATE)
    op.execute("GRANT SELECT, INSERT, UPDATE ON draft TO intake")
