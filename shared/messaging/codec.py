"""Recorded facts as Kafka records: CloudEvents 1.0 in binary content mode (Kafka protocol binding, section 3.2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from asyncpg.pgproto.pgproto import UUID

from shared.contracts.event import WIRE_PREFIX, Recorded
from shared.kernel.errors import MalformedInput

SCHEMA_PREFIX = "urn:recourse:schema:"
CONSTANT = (("ce_specversion", b"1.0"), ("content-type", b"application/json"))


class Wire(NamedTuple):
    """A Kafka record's key, value and headers."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def encode(event: Recorded) -> Wire:
    """Give the Kafka record of an event; the value is the stored body, byte by byte."""
    headers = [
        *CONSTANT,
        ("ce_id", str(event.event_id).encode()),
        ("ce_source", f"/recourse/{event.log}".encode()),
        ("ce_type", f"{WIRE_PREFIX}{event.type}".encode()),
        ("ce_time", event.recorded_at.isoformat().encode()),
        ("ce_subject", str(event.stream_id).encode()),
        ("ce_dataschema", f"{SCHEMA_PREFIX}{event.type}".encode()),
        ("ce_logpart", str(event.log_part).encode()),
        ("ce_position", str(event.position).encode()),
        ("ce_streamkind", event.stream_kind.encode()),
        ("ce_streamversion", str(event.version).encode()),
        ("ce_actor", event.actor.encode()),
        ("ce_via", event.via.encode()),
        ("ce_correlationid", str(event.correlation_id).encode()),
        ("ce_chainhash", event.chain_hash.hex().encode()),
    ]
    if event.on_behalf_of is not None:
        headers.append(("ce_onbehalfof", event.on_behalf_of.encode()))
    if event.command_id is not None:
        headers.append(("ce_commandid", str(event.command_id).encode()))
    if event.causation_id is not None:
        headers.append(("ce_causationid", str(event.causation_id).encode()))
    if event.received_at is not None:
        headers.append(("ce_receivedat", event.received_at.isoformat().encode()))
    if event.traceparent is not None:
        headers.append(("traceparent", event.traceparent.encode()))
    return Wire(str(event.stream_id).encode(), event.body, headers)


def decode_record(headers: Iterable[tuple[str, bytes]], value: bytes) -> Recorded:
    """Read a Kafka record's headers and value back into the event; raises MalformedInput naming the header."""
    texts: dict[str, str] = {}
    for name, text in headers:
        try:
            texts[name] = text.decode()
        except UnicodeDecodeError as wrong:
            raise MalformedInput("a CloudEvents header is not UTF-8", field=name) from wrong
    return decode(texts, value)


def decode(headers: Mapping[str, str], value: bytes) -> Recorded:
    """Read decoded headers and a value back into the event; raises MalformedInput naming the header."""
    get = headers.get
    try:
        command, cause, received = get("ce_commandid"), get("ce_causationid"), get("ce_receivedat")
        return Recorded(
            event_id=UUID(headers["ce_id"]),
            type=headers["ce_type"].removeprefix(WIRE_PREFIX),
            log=headers["ce_source"].rpartition("/")[2],
            log_part=int(headers["ce_logpart"]),
            position=int(headers["ce_position"]),
            stream_kind=headers["ce_streamkind"],
            stream_id=UUID(headers["ce_subject"]),
            version=int(headers["ce_streamversion"]),
            actor=headers["ce_actor"],
            on_behalf_of=get("ce_onbehalfof"),
            via=headers["ce_via"],
            command_id=UUID(command) if command else None,
            correlation_id=UUID(headers["ce_correlationid"]),
            causation_id=UUID(cause) if cause else None,
            traceparent=get("traceparent"),
            recorded_at=datetime.fromisoformat(headers["ce_time"]),
            received_at=datetime.fromisoformat(received) if received else None,
            body=value,
            body_hash=sha256(value).digest(),
            chain_hash=bytes.fromhex(headers["ce_chainhash"]),
        )
    except KeyError as missing:
        raise MalformedInput("a CloudEvents header is missing", field=str(missing.args[0])) from missing
    except ValueError as wrong:
        raise MalformedInput(f"a CloudEvents header cannot be read: {wrong}", field="ce_*") from wrong
