"""Create what the sealer keeps: tiles of the Merkle tree, checkpoints, statements about keys."""

from shared.eventstore.migrate import create_evidence

revision = "triage_0003"
down_revision = "triage_0002"


def upgrade() -> None:
    create_evidence("triage", app_role="triage")
