"""Rank open cases, so that the most urgent is worked on first."""

from alembic import op

revision = "casebook_0004"
down_revision = "casebook_0003"

DDL = """
ALTER TABLE live.case_list ADD COLUMN rank SMALLINT GENERATED ALWAYS AS (
    CASE WHEN emergency THEN 0 WHEN urgency = 'critical' THEN 1 WHEN urgency = 'high' THEN 2
    WHEN urgency = 'low' THEN 4 ELSE 3 END) STORED;
CREATE INDEX case_list_rank ON live.case_list (status, rank, answer_due, case_id) WHERE opened_at IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
