"""Create the read model of clocks."""

from alembic import op

revision = "casebook_0008"
down_revision = "casebook_0007"

DDL = """
CREATE TABLE live.clock_board (
    clock_id UUID NOT NULL, case_id UUID, clock TEXT, metric TEXT, state TEXT, held_by TEXT, reason TEXT, started
    timestamptz, original_due timestamptz, due timestamptz, moved_at timestamptz, breached_at timestamptz, level TEXT,
    whom TEXT, CONSTRAINT clock_board_pkey PRIMARY KEY (clock_id)
) WITH (fillfactor = 60);
CREATE INDEX clock_board_due ON live.clock_board (due, clock_id) WHERE state = 'running';
CREATE INDEX clock_board_case ON live.clock_board (case_id);
GRANT SELECT, INSERT, UPDATE ON live.clock_board TO casebook;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
