"""Create what the sealer keeps: tiles of the Merkle tree, checkpoints, statements about keys."""

from shared.eventstore.migrate import create_evidence

revision = "intake_0008"
down_revision = "intake_0007"


def upgrade() -> None:
    create_evidence("intake", app_role="intake")
