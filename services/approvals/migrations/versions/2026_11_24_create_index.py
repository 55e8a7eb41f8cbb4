"""Create what precedents, inboxes and delegations are looked up in, with what the log holds of them already."""

from alembic import op

revision = "approvals_0002"
down_revision = "approvals_0001"

CREATE = """
CREATE TABLE exception_index (
    exception_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    clause text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    required_role text NOT NULL,
    deadline timestamptz NOT NULL,
    requested jsonb NOT NULL,
    outcome text CHECK (outcome IN ('approved', 'rejected', 'countered')),
    decided_at timestamptz,
    decision jsonb
);
CREATE INDEX exception_index_waiting ON exception_index (deadline, exception_id) WHERE state = 'requested';
CREATE INDEX exception_index_clause ON exception_index (clause, decided_at) WHERE outcome IS NOT NULL;
CREATE INDEX exception_index_kind ON exception_index (kind, decided_at) WHERE outcome IS NOT NULL;
CREATE INDEX exception_index_decided ON exception_index (decided_at) WHERE outcome IS NOT NULL;
CREATE TABLE delegation (
    delegation_id uuid PRIMARY KEY,
    principal text NOT NULL,
    delegate text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    given_at timestamptz NOT NULL,
    ended_at timestamptz,
    given jsonb NOT NULL
);
CREATE INDEX delegation_delegate ON delegation (delegate, principal) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON exception_index, delegation TO approvals;
"""
# A log from before this day has no delegations, and no exception that was superseded, lapsed or answered.
FILL = """
CREATE TEMP TABLE told ON COMMIT DROP AS
    SELECT type, recorded_at, stream_id, version, convert_from(body, 'UTF8')::jsonb AS body FROM event
    WHERE starts_with(type, 'approvals.exception_');
INSERT INTO exception_index (exception_id, case_id, clause, kind, state, required_role, deadline, requested)
    SELECT (body->>'exception_id')::uuid, stream_id, (body->'clause'->>'policy') || '/' || (body->'clause'->>'clause'),
        body->>'kind', 'requested', body->>'required_role', (body->>'deadline')::timestamptz, body
    FROM told WHERE type = 'approvals.exception_requested.v1';
UPDATE exception_index SET required_role = up.body->>'required_role', deadline = (up.body->>'deadline')::timestamptz
    FROM (SELECT DISTINCT ON (body->>'exception_id') body FROM told
        WHERE type = 'approvals.exception_escalated.v1' ORDER BY body->>'exception_id', version DESC) AS up
    WHERE exception_id = (up.body->>'exception_id')::uuid;
UPDATE exception_index SET state = split_part(split_part(told.type, '.', 2), '_', 2)
    FROM told WHERE exception_id = (told.body->>'exception_id')::uuid AND told.type IN (
        'approvals.exception_approved.v1', 'approvals.exception_rejected.v1', 'approvals.exception_countered.v1',
        'approvals.exception_withdrawn.v1', 'approvals.exception_expired.v1');
UPDATE exception_index SET outcome = state, decided_at = told.recorded_at, decision = told.body
    FROM told WHERE exception_id = (told.body->>'exception_id')::uuid
        AND told.type = 'approvals.exception_' || state || '.v1' AND state IN ('approved', 'rejected', 'countered');
"""


def upgrade() -> None:
    for sql in (CREATE, FILL):
        op.get_bind().exec_driver_sql(sql)
