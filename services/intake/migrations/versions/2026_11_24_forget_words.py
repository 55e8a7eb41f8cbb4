"""Keep no names and no answers of mail servers beside the log.

Addresses, outside message ids and hashes of what was said become look-up values when the service starts with a vault
(`adapters/blinding.py`). Ids that were made without its key stay, and are looked for where there are any. Bytes of
mails from before stay as they came: the events that name them do too.
"""

from alembic import op

revision = "intake_0009"
down_revision = "intake_0008"

CHANGE = """
ALTER TABLE customer_address DROP COLUMN name;
ALTER TABLE outbound DROP COLUMN problem;
CREATE TABLE bare_ids (there boolean PRIMARY KEY);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CHANGE)
    op.execute("GRANT UPDATE ON customer_address TO intake")
    op.execute("GRANT SELECT, INSERT ON bare_ids TO intake")
