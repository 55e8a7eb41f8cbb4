"""Point at the events of an exception instead of copying what they say: their words are sealed in the log alone."""

from alembic import op

revision = "approvals_0004"
down_revision = "approvals_0003"

CHANGE = """
ALTER TABLE exception_index
    ADD COLUMN log_part smallint, ADD COLUMN requested_position bigint, ADD COLUMN decision_position bigint;
CREATE TEMP TABLE written ON COMMIT DROP AS
    SELECT type, log_part, position, (convert_from(body, 'UTF8')::jsonb->>'exception_id')::uuid AS exception_id
    FROM event WHERE starts_with(type, 'approvals.exception_');
UPDATE exception_index i SET log_part = written.log_part, requested_position = written.position
    FROM written WHERE written.exception_id = i.exception_id AND written.type = 'approvals.exception_requested.v1';
UPDATE exception_index i SET decision_position = written.position
    FROM written
    WHERE written.exception_id = i.exception_id AND written.type = 'approvals.exception_' || i.outcome || '.v1';
ALTER TABLE exception_index
    ALTER COLUMN log_part SET NOT NULL, ALTER COLUMN requested_position SET NOT NULL,
    DROP COLUMN requested, DROP COLUMN decision;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CHANGE)
