"""Triage's own tables: where the streams of policies are and how long; all of it follows from the log."""

from collections.abc import Sequence

from sqlalchemy import Executable, bindparam, text

from shared.contracts.event import Fact, Recorded
from shared.contracts.triage_policy import PolicyPublished

KEEP = text(
    "INSERT INTO policy_stream (stream_id, policy, version) VALUES (:stream_id, :policy, :version)"
    " ON CONFLICT (stream_id) DO UPDATE SET version = greatest(policy_stream.version, excluded.version)"
)
STREAMS = text("SELECT stream_id, version FROM policy_stream")


def index(event: Recorded, fact: Fact) -> Sequence[Executable]:
    """Give the statements that keep a published version findable, in the append's transaction."""
    if not isinstance(fact, PolicyPublished):
        return ()
    values = {"stream_id": event.stream_id, "policy": fact.policy, "version": event.version}
    return (KEEP.bindparams(*(bindparam(name, value) for name, value in values.items())),)
