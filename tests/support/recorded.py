"""Facts as if they had been recorded, for pure tests of reactions, timers and projections."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from shared.contracts.event import Fact, Recorded

NAMESPACE = UUID("0190a000-0000-7000-8000-00000000000f")
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def recorded(fact: Fact, at: datetime = START, position: int = 1, *, event_id: UUID | None = None) -> Recorded:
    """Wrap a fact in a header of its owner's log; the event id follows from owner and position."""
    owner = fact.TYPE.partition(".")[0]
    own_id = event_id or uuid5(NAMESPACE, f"{owner}/{fact.stream_id}/{position}")
    return Recorded(
        event_id=own_id,
        type=fact.TYPE,
        log=owner,
        log_part=0,
        position=position,
        stream_kind=fact.STREAM,
        stream_id=fact.stream_id,
        version=position,
        actor="test",
        on_behalf_of=None,
        via="test",
        command_id=None,
        correlation_id=own_id,
        causation_id=None,
        traceparent=None,
        recorded_at=at,
        received_at=None,
        body=fact.body(),
        body_hash=b"",
        chain_hash=b"",
    )
