"""The canonical header of an event, made from its columns: the text that `chain.header_hash` hashes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring
from typing import NamedTuple
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
COLUMNS = (
    "position, event_id, type, stream_kind, stream_id, version, actor, on_behalf_of, via, command_id, correlation_id,"
    " causation_id, traceparent, recorded_at, received_at, body, body_hash, chain_hash"
)


class Row(NamedTuple):
    """An event's columns, in the order of COLUMNS."""

    position: int
    event_id: UUID
    type: str
    stream_kind: str
    stream_id: UUID
    version: int
    actor: str
    on_behalf_of: str | None
    via: str
    command_id: UUID | None
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None
    recorded_at: datetime
    received_at: datetime | None
    body: bytes
    body_hash: bytes
    chain_hash: bytes


class Quoted(dict[str | None, str]):
    """Texts as JSON writes them; few different ones come, and each is written once."""

    def __missing__(self, text: str | None) -> str:
        written = "null" if text is None else encode_basestring(text)
        if len(self) < 10_000:
            self[text] = written
        return written


def microseconds(at: datetime) -> int:
    """Give a time in microseconds since 1970 UTC."""
    return (at - EPOCH) // MICROSECOND


def header_writer(log: str, log_part: int) -> Callable[[Row], bytes]:
    """Give the function that writes the canonical header of a row of this log partition."""
    begin = f"[{encode_basestring(log)}, {log_part}, "
    quoted = Quoted()

    def write(row: Row) -> bytes:
        at, event_id, kind, stream_kind, stream_id, version = row[0], row[1], row[2], row[3], row[4], row[5]
        actor, behalf, via, command, correlation, cause = row[6], row[7], row[8], row[9], row[10], row[11]
        trace, recorded, received = row[12], row[13], row[14]
        return (
            f'{begin}{at}, "{event_id}", {quoted[kind]}, {quoted[stream_kind]}, "{stream_id}", {version},'
            f" {quoted[actor]}, {quoted[behalf]}, {quoted[via]}, {_id(command)},"
            f' "{correlation}", {_id(cause)}, {"null" if trace is None else encode_basestring(trace)},'
            f" {(recorded - EPOCH) // MICROSECOND},"
            f" {'null' if received is None else (received - EPOCH) // MICROSECOND}]"
        ).encode()

    return write


def _id(value: UUID | None) -> str:
    return "null" if value is None else f'"{value}"'
