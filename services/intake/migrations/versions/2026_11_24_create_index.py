"""Create where messages belong, what waits to be delivered, and the bytes of mails."""

from alembic import op

revision = "intake_0002"
down_revision = "intake_0001"

CREATE = """
CREATE TABLE customer_address (
    address_kind text NOT NULL,
    address text NOT NULL,
    customer_id uuid NOT NULL,
    name text,
    CONSTRAINT customer_address_once PRIMARY KEY (address_kind, address)
);
CREATE TABLE tracking (
    case_id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT tracking_code_once UNIQUE,
    customer_id uuid NOT NULL,
    linked_case_id uuid,
    closed boolean NOT NULL DEFAULT false
);
CREATE TABLE conversation (
    conversation_id uuid PRIMARY KEY,
    channel text NOT NULL,
    case_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    acknowledged_at timestamptz
);
CREATE INDEX conversation_acknowledged ON conversation (customer_id, acknowledged_at) WHERE acknowledged_at IS NOT NULL;
CREATE TABLE message_index (
    message_id uuid PRIMARY KEY,
    channel text NOT NULL,
    channel_message_id text,
    conversation_id uuid NOT NULL,
    case_id uuid NOT NULL,
    version integer NOT NULL,
    content_hash text NOT NULL,
    inbound boolean NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX message_index_thread ON message_index (conversation_id, recorded_at, version);
CREATE INDEX message_index_mail ON message_index (channel_message_id) WHERE channel = 'email';
CREATE TABLE outbound (
    message_id uuid PRIMARY KEY,
    channel text NOT NULL,
    conversation_id uuid NOT NULL,
    case_id uuid NOT NULL,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'delivered', 'undelivered')),
    due timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    problem text
) WITH (fillfactor = 80);
CREATE INDEX outbound_due ON outbound (channel, due) WHERE state = 'queued';
CREATE INDEX outbound_conversation ON outbound (conversation_id) WHERE state = 'queued';
CREATE TABLE content (
    sha256 text PRIMARY KEY,
    media_type text NOT NULL,
    data bytea NOT NULL
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CREATE)
    op.execute("GRANT SELECT, INSERT, UPDATE ON tracking, conversation, message_index, outbound TO intake")
    op.execute("GRANT SELECT, INSERT ON customer_address, content TO intake")
