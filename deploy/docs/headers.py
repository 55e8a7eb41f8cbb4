"""The headers of every Kafka record that carries a fact: CloudEvents 1.0, binary content mode."""

from typing import Any, NamedTuple

from shared.contracts.event import WIRE_PREFIX
from shared.messaging.codec import SCHEMA_PREFIX

UUID_TEXT = {"type": "string", "format": "uuid"}
INSTANT = {"type": "string", "format": "date-time"}
URI = {"type": "string", "format": "uri"}
TEXT = {"type": "string"}
NUMBER = {"type": "string", "pattern": "^[0-9]+$"}


class Header(NamedTuple):
    """One header: its name, the form of its UTF-8 text, what it says, and whether every record has it."""

    name: str
    form: dict[str, Any]
    says: str
    always: bool = True
    example: str = ""


HEADERS = (
    Header("content-type", {"const": "application/json"}, "The form of the value.", example="application/json"),
    Header("ce_specversion", {"const": "1.0"}, "The version of CloudEvents.", example="1.0"),
    Header("ce_id", UUID_TEXT, "The event's id (UUIDv7).", example="01a207ad-45b8-7000-8000-5d1c3f6f1e20"),
    Header("ce_source", {"type": "string", "format": "uri-reference"}, "The log.", example="/recourse/{owner}"),
    Header("ce_type", TEXT, f"The wire type after `{WIRE_PREFIX}`.", example=f"{WIRE_PREFIX}{{type}}"),
    Header(
        "ce_time", INSTANT, "When it was recorded; grows within a log partition.", example="2026-11-23T09:12:06+00:00"
    ),
    Header("ce_subject", UUID_TEXT, "The stream: the case, or what the type is about instead.", example="{stream}"),
    Header("ce_dataschema", URI, "The schema of the value.", example=f"{SCHEMA_PREFIX}{{type}}"),
    Header("ce_logpart", NUMBER, "The log partition, which is the Kafka partition.", example="3"),
    Header("ce_position", NUMBER, "The place in the log partition: 1, 2, 3 … without a gap.", example="1742"),
    Header("ce_streamkind", TEXT, "What kind of stream it is.", example="case"),
    Header("ce_streamversion", NUMBER, "The place in the stream: 1, 2, 3 …", example="4"),
    Header("ce_actor", TEXT, "Who caused it: a person, or a service as `system:name`.", example="ana.ferreira"),
    Header("ce_via", TEXT, "By which door or reaction it came about.", example="http"),
    Header("ce_correlationid", UUID_TEXT, "What began it all.", example="01a207ad-3fde-7004-8e52-d9c508c50234"),
    Header(
        "ce_chainhash",
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "The link of the log partition's hash chain: SHA-256 in hex.",
        example="6f1ed002ab5595859014ebf0951522d9e1c5c1f3b1d4e0b2a1f0c9d8e7f6a5b4",
    ),
    Header("ce_onbehalfof", TEXT, "In whose place the actor acted.", always=False),
    Header("ce_commandid", UUID_TEXT, "The command that it follows from.", always=False),
    Header("ce_causationid", UUID_TEXT, "The event that it follows from.", always=False),
    Header("ce_receivedat", INSTANT, "When the customer said it, where that differs.", always=False),
    Header("traceparent", TEXT, "W3C Trace Context of the work that recorded it.", always=False),
)
