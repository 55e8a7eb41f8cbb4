"""Let the board of promises hold what was found in what we said."""

from alembic import op

revision = "casebook_0005"
down_revision = "casebook_0004"

DDL = """
ALTER TABLE live.promise_board ADD COLUMN found_at timestamptz, ADD COLUMN backed BOOLEAN;
CREATE INDEX promise_board_found ON live.promise_board (due, promise_id) WHERE state = 'found';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
