"""docs/asyncapi.yaml: the AsyncAPI 3 document of every topic, message and operation."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from deploy.docs.charters import Chartered
from deploy.docs.headers import HEADERS
from deploy.docs.samples import Sample, example_of
from deploy.docs.wire_schema import schema_of
from deploy.topics import Topic
from shared.contracts.catalogue import facts_of
from shared.contracts.event import REGISTRY, WIRE_PREFIX, Fact
from shared.messaging.topics import topic_of

Document = dict[str, Any]
KAFKA = "0.5.0"  # version of the Kafka bindings that the document follows
INTRODUCTION = (
    "Every fact that Recourse records, as it goes over Kafka. Records are CloudEvents 1.0 in binary content mode: the "
    "value is the fact as JSON, the context attributes are headers. All facts of one case are in one partition, in the "
    "order in which they happened. Readers pass over fields and types that they do not know."
)


def asyncapi(services: Sequence[Chartered], topics: Sequence[Topic], samples: Sequence[Sample]) -> str:
    """Give the document as YAML; raises LookupError naming the first type without a sample."""
    settings = {topic.name: topic for topic in topics}
    owners = [service.charter.owner for service in services if service.charter.publishes]
    document: Document = {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Recourse",
            "version": "1",
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "The Kafka of one installation; `recourse status` shows its address.",
                "variables": {"bootstrap": {"default": "localhost:9092", "description": "Host and port."}},
            }
        },
        "channels": {owner: _channel(owner, settings[topic_of(owner)]) for owner in owners},
        "operations": dict(_operations(services)),
        "components": {
            "messages": {wire: _message(wire, fact, samples) for wire, fact in REGISTRY.items()},
            "schemas": {"CloudEventsHeaders": _headers(), **dict(_schemas())},
        },
    }
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _channel(owner: str, topic: Topic) -> Document:
    config = topic.config
    return {
        "address": topic.name,
        "description": f"What {owner} records. The key is the stream's id, the case's in most facts.",
        "messages": {wire: {"$ref": f"#/components/messages/{wire}"} for wire in facts_of(owner)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [config["cleanup.policy"]],
                    "retention.ms": int(config["retention.ms"]),
                    "retention.bytes": int(config["retention.bytes"]),
                },
                "bindingVersion": KAFKA,
            }
        },
    }


def _operations(services: Sequence[Chartered]) -> Iterator[tuple[str, Document]]:
    for charter, purpose in services:
        if charter.publishes:
            yield (
                f"{charter.owner}.send",
                {
                    "action": "send",
                    "channel": {"$ref": f"#/channels/{charter.owner}"},
                    "summary": purpose,
                    "messages": [{"$ref": f"#/channels/{charter.owner}/messages/{wire}"} for wire in charter.publishes],
                },
            )
        for owner in charter.listens:
            yield (
                f"{charter.owner}.receive.{owner}",
                {
                    "action": "receive",
                    "channel": {"$ref": f"#/channels/{owner}"},
                    "summary": f"{charter.owner} listens to {owner}.",
                    "messages": [{"$ref": f"#/channels/{owner}/messages/{wire}"} for wire in facts_of(owner)],
                    "bindings": {
                        "kafka": {
                            "groupId": {"type": "string", "enum": [charter.owner]},
                            "bindingVersion": KAFKA,
                        }
                    },
                },
            )


def _message(wire: str, fact: type[Fact], samples: Sequence[Sample]) -> Document:
    sample = example_of(wire, samples)
    body = json.loads(sample.body)
    stream = str(fact.model_validate_json(sample.body).stream_id)
    known = {"owner": wire.partition(".")[0], "type": wire, "stream": stream}
    return {
        "name": f"{WIRE_PREFIX}{wire}",
        "title": fact.__name__,
        "summary": schema_of(fact)["description"],
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEventsHeaders"},
                {"type": "object", "properties": {"ce_type": {"const": f"{WIRE_PREFIX}{wire}"}}},
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{wire}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "format": "uuid", "description": "The stream's id."},
                "bindingVersion": KAFKA,
            }
        },
        "examples": [
            {
                "headers": {header.name: header.example.format(**known) for header in HEADERS if header.always},
                "payload": body,
            }
        ],
    }


def _headers() -> Document:
    return {
        "type": "object",
        "required": [header.name for header in HEADERS if header.always],
        "properties": {header.name: header.form | {"description": header.says} for header in HEADERS},
    }


def _schemas() -> Iterator[tuple[str, Document]]:
    """Give each fact's schema, then the values they share, with references into this document."""
    parts: dict[str, Document] = {}
    for wire, fact in REGISTRY.items():
        schema = schema_of(fact)
        parts |= schema.pop("$defs", {})
        yield wire, _referring_here({key: value for key, value in schema.items() if not key.startswith("$")})
    for name in sorted(parts):
        yield name, _referring_here(parts[name])


def _referring_here(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _referring_here(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_referring_here(item) for item in node]
    if isinstance(node, str):
        return node.replace("#/$defs/", "#/components/schemas/")
    return node


class _Dumper(yaml.SafeDumper):
    """Writes each value out in full: no anchors, which readers of the document do not expect."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Keep paragraphs apart as they are."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
