"""Create what the sealer keeps: tiles of the Merkle tree, checkpoints, statements about keys."""

from shared.eventstore.migrate import create_evidence

revision = "followup_0003"
down_revision = "followup_0002"


def upgrade() -> None:
    create_evidence("followup", app_role="followup")
