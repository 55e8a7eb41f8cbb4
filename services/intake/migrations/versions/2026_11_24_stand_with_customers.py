"""Keep how a customer is received: how many needs are noted, and the channel that a measure left open."""

from alembic import op

revision = "intake_0004"
down_revision = "intake_0003"

CREATE = """
CREATE TABLE customer_standing (
    customer_id uuid PRIMARY KEY,
    needs integer NOT NULL DEFAULT 0,
    open_channel text,
    restricted_by uuid
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CREATE)
    op.execute("GRANT SELECT, INSERT, UPDATE ON customer_standing TO intake")
