"""docs/events.md: every fact for people who read the stream."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.docs.charters import Chartered, listeners
from deploy.docs.headers import HEADERS
from deploy.docs.samples import Sample, example_of
from deploy.docs.wire_schema import schema_of
from shared.contracts.catalogue import facts_of
from shared.contracts.event import REGISTRY, WIRE_PREFIX, Fact
from shared.messaging.topics import topic_of

INTRODUCTION = f"""\
# Events

Every fact that Recourse records and sends, by the service that owns it. This page is written by `make docs` from the
contracts in `shared/contracts/`; the same as JSON Schema is in `shared/contracts/schemas/`, and as AsyncAPI in
[asyncapi.yaml](asyncapi.yaml).

Each owner has one Kafka topic, kept for ever. A record's value is the fact as JSON, its headers are CloudEvents 1.0 in
binary content mode; the CloudEvents type is the name below after `{WIRE_PREFIX}`. All facts of one case are in one
partition, in the order in which they happened.

A released type changes only by an optional field more, so a reader must pass over fields and types that it does not
know. A field that is not set is left out, never null. Fields marked as personal say something about the customer that
the named field identifies.
"""


def events_page(services: Sequence[Chartered], samples: Sequence[Sample]) -> str:
    """Give the whole page; raises LookupError naming the first type without a sample."""
    lines = [INTRODUCTION, *_headers()]
    for service in services:
        if service.charter.publishes:
            lines += _owner(service, list(services), samples)
    lines += _values()
    return "\n".join(lines).rstrip() + "\n"


def _headers() -> Iterator[str]:
    yield from ("## Headers", "", "| header | form | says |", "|---|---|---|")
    for header in HEADERS:
        form = f"`{header.form['const']}`" if "const" in header.form else form_of(header.form)
        yield f"| `{header.name}`{'' if header.always else ' (not always)'} | {form} | {header.says} |"
    yield ""


def _owner(service: Chartered, services: list[Chartered], samples: Sequence[Sample]) -> Iterator[str]:
    owner = service.charter.owner
    heard_by = ", ".join(f"**{name}**" for name in listeners(owner, services))
    yield from (
        f"## {owner}",
        "",
        service.purpose,
        "",
        f"Topic `{topic_of(owner)}`; listening: {heard_by or 'nobody'}.",
        "",
    )
    for wire, fact in facts_of(owner).items():
        yield from _fact(wire, fact, example_of(wire, samples))


def _fact(wire: str, fact: type[Fact], sample: Sample) -> Iterator[str]:
    schema = schema_of(fact)
    yield from (f"### {wire}", "", schema["description"], "")
    if fact.STREAM != "case":
        yield from (f"It belongs to no case, but to a stream of kind `{fact.STREAM}`.", "")
    yield from _table(schema)
    example = json.dumps(json.loads(sample.body), indent=2, ensure_ascii=False)
    yield from ("<details><summary>Example</summary>", "", "```json", example, "```", "</details>", "")


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from ("| field | form | always there | personal |", "|---|---|---|---|")
    for name, field in schema["properties"].items():
        always = "yes" if name in schema.get("required", ()) else "no"
        whose = f"of `{field['x-personal']}`" if "x-personal" in field else ""
        yield f"| `{name}` | {form_of(field)} | {always} | {whose} |"
    yield ""


def _values() -> Iterator[str]:
    yield from ("## Values", "", "What the fields of several facts are made of.", "")
    parts: dict[str, Mapping[str, Any]] = {}
    for fact in REGISTRY.values():
        parts |= schema_of(fact).get("$defs", {})
    for name, schema in sorted(parts.items()):
        yield from (f"### {name}", "", schema["description"], "")
        yield from _table(schema)


def form_of(field: Mapping[str, Any]) -> str:
    """Say in words, for a table cell, what a field's schema asks for."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        form = f"[{name}](#{name.lower()})"
    elif "enum" in field:
        form = " or ".join(f"`{value}`" for value in field["enum"])
    elif field.get("type") == "array":
        form = f"list of {form_of(field['items'])}" + _limits(field)
    elif field.get("format") == "decimal":
        form = "decimal, as a string"
    else:
        form = FORMATS.get(field.get("format", ""), field["type"]) + _limits(field)
    return form + (f"; {json.dumps(field['default'])} if absent" if "default" in field else "")


FORMATS = {"uuid": "UUID", "date-time": "instant (RFC 3339)", "uri": "URI", "uri-reference": "URI reference"}


def _limits(field: Mapping[str, Any]) -> str:
    says = {
        "minLength": "not empty",
        "minItems": f"at least {field.get('minItems')}",
        "minimum": f"≥ {field.get('minimum')}",
        "maximum": f"≤ {field.get('maximum')}",
        "pattern": f"`{field.get('pattern')}`",
    }
    return "".join(f", {text}" for key, text in says.items() if key in field)
