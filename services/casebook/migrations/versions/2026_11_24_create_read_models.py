"""Create the read models, as they were on this day; later shapes come by a migration and a rebuild."""

from alembic import op

revision = "casebook_0002"
down_revision = "casebook_0001"

DDL = """
CREATE SCHEMA live;
CREATE TABLE live.case_list (
    case_id UUID NOT NULL, tracking_code TEXT, customer_id UUID, channel TEXT, subject TEXT, opened_at
    timestamptz, answer_due timestamptz, linked_case_id UUID, messages_in BIGINT DEFAULT '0' NOT NULL,
    messages_out BIGINT DEFAULT '0' NOT NULL, undelivered BIGINT DEFAULT '0' NOT NULL, last_heard_at
    timestamptz, last_answer_at timestamptz, first_answer_at timestamptz, kind TEXT, remedy TEXT, urgency TEXT,
    tone TEXT, language TEXT, emergency BOOLEAN, amount NUMERIC, currency TEXT, boundary_clause TEXT, requests
    BIGINT DEFAULT '0' NOT NULL, boundaries BIGINT DEFAULT '0' NOT NULL, grants BIGINT DEFAULT '0' NOT NULL,
    exceptions BIGINT DEFAULT '0' NOT NULL, exceptions_open BIGINT DEFAULT '0' NOT NULL, exception_state TEXT,
    promises BIGINT DEFAULT '0' NOT NULL, promises_open BIGINT DEFAULT '0' NOT NULL, promises_broken BIGINT
    DEFAULT '0' NOT NULL, outcome TEXT, resolved_how TEXT, closes_at timestamptz, settled BOOLEAN, status TEXT
    GENERATED ALWAYS AS ( CASE WHEN outcome = 'closed' THEN 'closed' WHEN outcome = 'resolved' THEN 'resolved'
    WHEN exceptions_open > 0 OR last_answer_at >= last_heard_at THEN 'waiting' ELSE 'open' END) STORED,
    CONSTRAINT case_list_pkey PRIMARY KEY (case_id)
) WITH (fillfactor = 60);
CREATE INDEX case_list_answer_due ON live.case_list (status, answer_due, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_channel ON live.case_list (channel, opened_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_customer_id ON live.case_list (customer_id, opened_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_kind ON live.case_list (kind, opened_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_last_heard_at ON live.case_list (last_heard_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_opened_at ON live.case_list (opened_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_status ON live.case_list (status, opened_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_tone ON live.case_list (tone, opened_at, case_id) WHERE opened_at IS NOT NULL;
CREATE INDEX case_list_tracking_code ON live.case_list (tracking_code);
CREATE TABLE live.case_search (
    case_id UUID NOT NULL, subject TEXT, words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', left(subject,
    1000))) STORED, CONSTRAINT case_search_pkey PRIMARY KEY (case_id)
);
CREATE INDEX case_search_words ON live.case_search USING gin (words);
CREATE TABLE live.case_timeline (
    log TEXT NOT NULL, log_part SMALLINT NOT NULL, position BIGINT NOT NULL, event_id UUID NOT NULL, case_id
    UUID, type TEXT NOT NULL, recorded_at timestamptz NOT NULL, received_at timestamptz, actor TEXT NOT NULL,
    on_behalf_of TEXT, via TEXT NOT NULL, line TEXT NOT NULL, why TEXT, about_id UUID, causation_id UUID,
    correlation_id UUID NOT NULL, trace_id TEXT, CONSTRAINT case_timeline_pkey PRIMARY KEY (log, log_part,
    position)
);
CREATE INDEX case_timeline_case ON live.case_timeline (case_id, recorded_at, log, log_part, position);
CREATE TABLE live.approval_inbox (
    exception_id UUID NOT NULL, case_id UUID, request_id UUID, kind TEXT, policy TEXT, policy_version TEXT,
    clause TEXT, clause_text TEXT, deviation TEXT, reason TEXT, proposed_by TEXT, required_role TEXT, language
    TEXT, quorum TEXT, voices_needed BIGINT, voices BIGINT DEFAULT '0' NOT NULL, requested_at timestamptz,
    deadline timestamptz, escalations BIGINT DEFAULT '0' NOT NULL, amount NUMERIC, currency TEXT, state TEXT,
    decided_by JSONB, on_behalf_of TEXT, authority_role TEXT, authority_matrix TEXT, note TEXT, decided_at
    timestamptz, conditions JSONB, offer TEXT, granted_amount NUMERIC, granted_currency TEXT, attempts_refused
    BIGINT DEFAULT '0' NOT NULL, CONSTRAINT approval_inbox_pkey PRIMARY KEY (exception_id)
) WITH (fillfactor = 70);
CREATE INDEX approval_inbox_case ON live.approval_inbox (case_id);
CREATE INDEX approval_inbox_deadline ON live.approval_inbox (deadline, exception_id) WHERE state IS NOT NULL;
CREATE INDEX approval_inbox_state ON live.approval_inbox (state, deadline, exception_id) WHERE state IS NOT NULL;
CREATE TABLE live.promise_board (
    promise_id UUID NOT NULL, case_id UUID, customer_id UUID, what TEXT, made_at timestamptz, due timestamptz,
    at_risk_from timestamptz, made_by TEXT, backing TEXT, backing_reference TEXT, backing_version TEXT, state
    TEXT, renegotiations BIGINT DEFAULT '0' NOT NULL, evidence TEXT, kept_at timestamptz, late BOOLEAN, reason
    TEXT, CONSTRAINT promise_board_pkey PRIMARY KEY (promise_id)
) WITH (fillfactor = 70);
CREATE INDEX promise_board_case ON live.promise_board (case_id);
CREATE INDEX promise_board_due ON live.promise_board (due, promise_id) WHERE made_at IS NOT NULL;
CREATE INDEX promise_board_state ON live.promise_board (state, due, promise_id) WHERE made_at IS NOT NULL;
CREATE TABLE live.customer (
    customer_id UUID NOT NULL, name TEXT, known_since timestamptz, CONSTRAINT customer_pkey PRIMARY KEY
    (customer_id)
);
CREATE TABLE live.customer_address (
    log TEXT NOT NULL, log_part SMALLINT NOT NULL, position BIGINT NOT NULL, customer_id UUID NOT NULL,
    address_kind TEXT NOT NULL, address TEXT NOT NULL, known_since timestamptz NOT NULL, CONSTRAINT
    customer_address_pkey PRIMARY KEY (log, log_part, position)
);
CREATE INDEX customer_address_address ON live.customer_address USING hash (address);
CREATE INDEX customer_address_customer ON live.customer_address (customer_id);
CREATE TABLE live.counter (
    day DATE NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, log_part SMALLINT NOT NULL, number BIGINT
    DEFAULT '0' NOT NULL, CONSTRAINT counter_pkey PRIMARY KEY (day, name, label, log_part)
) WITH (fillfactor = 50);
GRANT USAGE ON SCHEMA live TO casebook;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA live TO casebook;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DDL)
