"""Create the read model of what agents learnt."""

from alembic import op

revision = "casebook_0006"
down_revision = "casebook_0005"

DDL = """
CREATE TABLE live.reflection (
    reflection_id UUID NOT NULL, case_id UUID, clause TEXT, noted_by TEXT, what_helped TEXT, what_should_change
    TEXT, noted_at timestamptz, CONSTRAINT reflection_pkey PRIMARY KEY (reflection_id)
);
CREATE INDEX reflection_noted_at ON live.reflection (noted_at, reflection_id);
GRANT SELECT, INSERT, UPDATE ON live.reflection TO casebook;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
