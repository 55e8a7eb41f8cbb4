"""Keep how far each erasure is, who took part in other people's cases, and what must be found of no one any more."""

from alembic import op

revision = "intake_0007"
down_revision = "intake_0006"

CREATE = """
CREATE TABLE erasure (
    customer_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('requested', 'refused', 'approved', 'erased')),
    possible_on date,
    changed_at timestamptz NOT NULL
);
CREATE INDEX erasure_begun ON erasure (customer_id) WHERE state = 'approved';
CREATE TABLE took_part (
    customer_id uuid NOT NULL,
    case_id uuid NOT NULL,
    PRIMARY KEY (customer_id, case_id)
);
CREATE TABLE automatic_mail (
    mail_id uuid PRIMARY KEY,
    address text NOT NULL
);
CREATE INDEX automatic_mail_address ON automatic_mail (address);
ALTER TABLE tracking ADD COLUMN forgotten boolean NOT NULL DEFAULT false;
ALTER TABLE conversation ADD COLUMN forgotten boolean NOT NULL DEFAULT false;
CREATE INDEX tracking_customer ON tracking (customer_id);
CREATE INDEX conversation_customer ON conversation (customer_id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CREATE)
    op.execute("GRANT SELECT, INSERT, UPDATE ON erasure TO intake")
    op.execute("GRANT SELECT, INSERT ON took_part, automatic_mail TO intake")
    op.execute("GRANT DELETE ON customer_address, customer_standing TO intake")
