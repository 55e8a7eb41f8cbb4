"""The hash chain of a log partition, recomputed outside the database exactly as the append function makes it."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from shared.contracts.event import Recorded

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def genesis(log: str, log_part: int) -> bytes:
    """Give the link before the first event of a log partition."""
    return sha256(f"{log}/{log_part}".encode()).digest()


def header_text(event: Recorded) -> bytes:
    """Give the header as it is hashed: a JSON array (RFC 8259) in PostgreSQL's spacing.

    Times are microseconds since 1970 UTC.
    """
    header = [
        event.log,
        event.log_part,
        event.position,
        str(event.event_id),
        event.type,
        event.stream_kind,
        str(event.stream_id),
        event.version,
        event.actor,
        event.on_behalf_of,
        event.via,
        None if event.command_id is None else str(event.command_id),
        str(event.correlation_id),
        None if event.causation_id is None else str(event.causation_id),
        event.traceparent,
        (event.recorded_at - EPOCH) // MICROSECOND,
        None if event.received_at is None else (event.received_at - EPOCH) // MICROSECOND,
    ]
    return json.dumps(header, ensure_ascii=False).encode()


def header_hash(event: Recorded) -> bytes:
    """Hash the header alone, so that it can be proved without the body."""
    return sha256(header_text(event)).digest()


def next_link(previous: bytes, event: Recorded) -> bytes:
    """Give the chain hash that `event` must carry when `previous` is the link before it."""
    return sha256(previous + header_hash(event) + sha256(event.body).digest()).digest()
