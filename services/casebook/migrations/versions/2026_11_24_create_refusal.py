"""Create the read model of refusals, by which insights are counted."""

from alembic import op

revision = "casebook_0003"
down_revision = "casebook_0002"

DDL = """
CREATE TABLE live.refusal (
    boundary_id UUID NOT NULL, case_id UUID, request_id UUID, policy TEXT, policy_version TEXT, clause TEXT,
    kind TEXT, stated_at timestamptz, CONSTRAINT refusal_pkey PRIMARY KEY (boundary_id)
);
CREATE INDEX refusal_clause ON live.refusal (policy, clause, stated_at);
CREATE INDEX refusal_request ON live.refusal (request_id);
GRANT SELECT, INSERT, UPDATE ON live.refusal TO casebook;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
