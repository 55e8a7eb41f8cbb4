"""Keep a case open while a person has to answer one of its requests, whatever the rules answered to the others."""

from alembic import op

revision = "casebook_0009"
down_revision = "casebook_0008"

DDL = """
ALTER TABLE live.case_list DROP COLUMN status;
ALTER TABLE live.case_list ADD COLUMN referred_at timestamptz, ADD COLUMN last_person_at timestamptz;
ALTER TABLE live.case_list ADD COLUMN status TEXT GENERATED ALWAYS AS (
    CASE WHEN outcome = 'closed' THEN 'closed' WHEN outcome = 'resolved' THEN 'resolved'
    WHEN exceptions_open > 0 OR (last_answer_at >= last_heard_at AND (referred_at IS NULL
    OR last_person_at > referred_at)) THEN 'waiting' ELSE 'open' END) STORED;
CREATE INDEX case_list_status ON live.case_list (status, opened_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_answer_due ON live.case_list (status, answer_due, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_rank ON live.case_list (status, rank, answer_due, case_id) WHERE opened_at IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
