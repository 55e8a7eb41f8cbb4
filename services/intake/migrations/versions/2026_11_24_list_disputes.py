"""Keep which disputes are not decided yet, and until when the other side can answer."""

from alembic import op

revision = "intake_0006"
down_revision = "intake_0005"

CREATE = """
CREATE TABLE dispute (
    dispute_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    respondent_id uuid,
    joined_at timestamptz,
    state_by timestamptz,
    decided boolean NOT NULL DEFAULT false
);
CREATE INDEX dispute_case ON dispute (case_id);
CREATE INDEX dispute_waits ON dispute (state_by, dispute_id) WHERE NOT decided;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CREATE)
    op.execute("GRANT SELECT, INSERT, UPDATE ON dispute TO intake")
