"""What facts are in an object-centric event log: event types, object types, their attributes, and who relates to what.

OCEL 2.0: Berti et al., "OCEL (Object-Centric Event Log) 2.0 Specification", 2024.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, get_args
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.catalogue import OWNERS, facts_of
from shared.contracts.event import Fact, Recorded
from shared.contracts.values import ClauseRef
from shared.eventstore.seal import plan_of

OBJECTS = {
    "case_id": "case",
    "linked_case_id": "case",
    "customer_id": "customer",
    "message_id": "message",
    "request_id": "request",
    "request_ids": "request",
    "exception_id": "exception",
    "promise_id": "promise",
    "clock_id": "clock",
}
CLAUSE = "policy clause"
OBJECT_TYPES = (
    *dict.fromkeys(
        (
            *("case", "customer", "message", "request", "exception", "promise", "clock", CLAUSE),
            *(cls.STREAM for owner in OWNERS for cls in facts_of(owner).values()),
        )
    ),
)
HEADER = ("actor", "via", "on_behalf_of", "log", "log_part", "position")
KINDS = {bool: "boolean", int: "integer", float: "float", Decimal: "float", datetime: "time", str: "string"}
# Which facts tell how an object stands: fact, object's field, attribute, and the fact's field or the value itself.
STANDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "intake.case_opened.v1": (("case_id", "channel", ".channel"), ("case_id", "state", "open")),
    "triage.request_assessed.v1": (
        ("request_id", "kind", ".reading.kinds"),
        ("case_id", "tone", ".reading.tone"),
        ("case_id", "urgency", ".reading.urgency"),
        ("case_id", "language", ".reading.language"),
    ),
    "followup.case_resolved.v1": (("case_id", "state", "resolved"),),
    "followup.case_closed.v1": (("case_id", "state", "closed"),),
    "followup.case_reopened.v1": (("case_id", "state", "open"),),
    "approvals.exception_requested.v1": (("exception_id", "state", "requested"),),
    "approvals.exception_approved.v1": (("exception_id", "state", "approved"),),
    "approvals.exception_rejected.v1": (("exception_id", "state", "rejected"),),
    "approvals.exception_countered.v1": (("exception_id", "state", "countered"),),
    "approvals.exception_withdrawn.v1": (("exception_id", "state", "withdrawn"),),
    "approvals.exception_expired.v1": (("exception_id", "state", "expired"),),
    "followup.promise_made.v1": (("promise_id", "state", "made"), ("promise_id", "due", ".due")),
    "followup.promise_at_risk.v1": (("promise_id", "state", "at_risk"),),
    "followup.promise_kept.v1": (("promise_id", "state", "kept"),),
    "followup.promise_broken.v1": (("promise_id", "state", "broken"),),
    "followup.promise_renegotiated.v1": (("promise_id", "state", "renegotiated"), ("promise_id", "due", ".due")),
    "followup.promise_released.v1": (("promise_id", "state", "released"),),
}
OBJECT_ATTRIBUTES: dict[str, dict[str, str]] = {
    "case": dict.fromkeys(("channel", "state", "tone", "urgency", "language"), "string"),
    "request": {"kind": "string"},
    "exception": {"state": "string"},
    "promise": {"state": "string", "due": "time"},
    CLAUSE: dict.fromkeys(("policy", "version", "clause"), "string"),
}


class Link(NamedTuple):
    """An object that an event is about, and as what."""

    object_id: str
    object_type: str
    qualifier: str


class Standing(NamedTuple):
    """An object's attribute from the event's time on."""

    object_id: str
    attribute: str
    value: str


@cache
def event_type(wire_type: str) -> str:
    """Give a fact's name as people say it: `triage.boundary_stated.v1` is "boundary stated"; unknown ones keep theirs.

    Names that two owners share are told apart by the owner.
    """
    owner, _, rest = wire_type.partition(".")
    name = rest.rpartition(".")[0].replace("_", " ") or wire_type
    return f"{name} ({owner})" if name == "attempt refused" else name


def event_types() -> dict[str, dict[str, str]]:
    """Give every event type with its attributes and their types, from the contracts."""
    found: dict[str, dict[str, str]] = {}
    for owner in OWNERS:
        for wire_type, cls in facts_of(owner).items():
            kinds = {name: KINDS.get(type_of, "string") for name, type_of in plain_fields(cls).items()}
            header = {name: "integer" if name in ("log_part", "position") else "string" for name in HEADER}
            found.setdefault(event_type(wire_type), {}).update(header | kinds)
    return found


@cache
def plain_fields(cls: type[BaseModel]) -> dict[str, type]:
    """Give the fields of a fact that hold one plain value that says nothing of a person, with its type."""
    plan = plan_of(cls)
    personal = {name for name, _ in plan.inside} if plan else set()
    found: dict[str, type] = {}
    for name, field in cls.model_fields.items():
        kinds = [arg for arg in (get_args(field.annotation) or (field.annotation,)) if arg is not type(None)]
        if name in personal or name in OBJECTS or name in HEADER or len(kinds) != 1:
            continue
        if isinstance(kinds[0], type) and issubclass(kinds[0], (bool, int, float, Decimal, datetime, str)):
            found[name] = next(plain for plain in KINDS if issubclass(kinds[0], plain))
    return found


def attributes(event: Recorded, fact: Fact | None) -> Iterator[tuple[str, str]]:
    """Give an event's attributes as texts; those without a value are left out."""
    for name in HEADER:
        if (value := getattr(event, name)) is not None:
            yield name, str(value)
    if fact is not None:
        for name in plain_fields(type(fact)):
            if (value := getattr(fact, name)) is not None:
                yield name, as_text(value)


def links(event: Recorded, fact: Fact | None) -> Iterator[Link]:
    """Give the objects that an event is about, each once for each role that it has."""
    if fact is None or event.stream_kind not in OBJECTS.values():
        yield Link(str(event.stream_id), event.stream_kind, "of")
    for name, value in fact or ():
        if name in OBJECTS and value is not None:
            role = name.removesuffix("_ids").removesuffix("_id").replace("_", " ")
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, UUID):
                    yield Link(str(one), OBJECTS[name], role)
        elif isinstance(value, ClauseRef):
            yield Link(clause_id(value), CLAUSE, "clause")


def standings(event: Recorded, fact: Fact | None) -> Iterator[Standing]:
    """Give what an event says of how its objects stand."""
    for field, attribute, told in STANDS.get(event.type, ()):
        owner = getattr(fact, field, None)
        value: Any = told
        if told.startswith("."):
            value = fact
            for step in told[1:].split("."):
                value = getattr(value, step, None)
            value = value[0] if isinstance(value, tuple) and value else value or None
        if owner is not None and value is not None:
            yield Standing(str(owner), attribute, as_text(value))
    for value in (one for _, one in fact or () if isinstance(one, ClauseRef)):
        for name in OBJECT_ATTRIBUTES[CLAUSE]:
            yield Standing(clause_id(value), name, getattr(value, name))


def clause_id(clause: ClauseRef) -> str:
    """Name a clause in the version that was applied."""
    return f"{clause.policy}@{clause.version}/{clause.clause}"


def as_text(value: object) -> str:
    """Write a value as OCEL's attributes have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)
