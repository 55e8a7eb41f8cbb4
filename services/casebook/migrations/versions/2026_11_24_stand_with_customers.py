"""Create measures on conduct and noted needs, whom a message is from or to, and let the vulnerable come first."""

from alembic import op

revision = "casebook_0007"
down_revision = "casebook_0006"

DDL = """
CREATE TABLE live.conduct_measure (
    customer_id UUID NOT NULL, measure_id UUID NOT NULL, case_id UUID, measure TEXT, category TEXT, reason TEXT,
    told TEXT, taken_by TEXT, role TEXT, open_channel TEXT, contact TEXT, times TEXT, taken_at timestamptz,
    review_on DATE, state TEXT, decided_by TEXT, why TEXT, review_due BOOLEAN, appealed BOOLEAN,
    CONSTRAINT conduct_measure_pkey PRIMARY KEY (customer_id, measure_id)
);
CREATE INDEX conduct_measure_state ON live.conduct_measure (state, review_on, measure_id) WHERE taken_at IS NOT NULL;
CREATE TABLE live.support_need (
    customer_id UUID NOT NULL, need_id UUID NOT NULL, case_id UUID, driver TEXT, support TEXT, source TEXT,
    noted_by TEXT, consent BOOLEAN, review_on DATE, noted_at timestamptz, removed BOOLEAN,
    CONSTRAINT support_need_pkey PRIMARY KEY (customer_id, need_id)
);
GRANT SELECT, INSERT, UPDATE ON live.conduct_measure, live.support_need TO casebook;
ALTER TABLE live.case_timeline ADD COLUMN customer_id UUID;
ALTER TABLE live.case_list DROP COLUMN rank;
ALTER TABLE live.case_list ADD COLUMN comes_first BOOLEAN;
ALTER TABLE live.case_list ADD COLUMN rank SMALLINT GENERATED ALWAYS AS (
    CASE WHEN emergency THEN 0 WHEN urgency = 'critical' OR (urgency = 'high' AND comes_first) THEN 1
    WHEN urgency = 'high' OR comes_first THEN 2 WHEN urgency = 'low' THEN 4 ELSE 3 END) STORED;
CREATE INDEX case_list_rank ON live.case_list (status, rank, answer_due, case_id) WHERE opened_at IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
