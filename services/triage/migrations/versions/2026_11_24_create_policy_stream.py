"""Create the list of the policies' streams."""

from alembic import op

revision = "triage_0002"
down_revision = "triage_0001"

CREATE = """
CREATE TABLE policy_stream (
    stream_id uuid PRIMARY KEY,
    policy text NOT NULL,
    version integer NOT NULL
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CREATE)
    op.execute("GRANT SELECT, INSERT, UPDATE ON policy_stream TO triage")
