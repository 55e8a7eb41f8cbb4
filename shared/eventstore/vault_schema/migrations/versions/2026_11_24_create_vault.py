"""Create the vault: keys by subject, whose each case is, and who may do what with them."""

from pathlib import Path

from alembic import op

import shared.eventstore as eventstore

revision = "vault_0001"
down_revision = None

SEAL = ("intake", "triage", "approvals", "followup")
READ = (*SEAL, "casebook")


def upgrade() -> None:
    op.get_bind().exec_driver_sql((Path(eventstore.__path__[0]) / "vault_ddl.sql").read_text())
    op.execute(f"GRANT SELECT ON subject_key, case_link, vault_secret TO {', '.join(READ)}")
    op.execute(f"GRANT INSERT ON subject_key, case_link, vault_secret TO {', '.join(SEAL)}")
    # Whoever first looks something up makes the secret that look-up values are made with.
    op.execute("GRANT INSERT ON vault_secret TO casebook")
    op.execute(f"GRANT EXECUTE ON FUNCTION subject_keys TO {', '.join(SEAL)}")
    op.execute("GRANT UPDATE, MAINTAIN ON subject_key, vault_secret TO intake")
    op.execute("GRANT EXECUTE ON FUNCTION destroy_subject TO intake")
