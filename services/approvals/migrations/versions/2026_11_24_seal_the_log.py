"""Create what the sealer keeps: tiles of the Merkle tree, checkpoints, statements about keys."""

from shared.eventstore.migrate import create_evidence

revision = "approvals_0003"
down_revision = "approvals_0002"


def upgrade() -> None:
    create_evidence("approvals", app_role="approvals")
