"""The JSON Schema (2020-12) of a fact as it stands on the wire."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.contracts.event import Fact
from shared.messaging.codec import SCHEMA_PREFIX

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class WireSchema(GenerateJsonSchema):
    """Describes what `Fact.body` writes: a field that is not set is left out, so nothing is ever null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Describe the value alone."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave a default of None unsaid: the field is absent then."""
        if "default" in schema and schema["default"] is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Say that the string is a decimal number."""
        return super().decimal_schema(schema) | {"format": "decimal"}

    def get_decimal_pattern(self, schema: core_schema.DecimalSchema) -> str:
        """Describe the strings that amounts are written as."""
        return self.build_decimal_pattern(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Give no titles: the field's name says it."""
        return False


def schema_id(wire_type: str) -> str:
    """Give the identifier of a type's schema, as the header `ce_dataschema` carries it."""
    return f"{SCHEMA_PREFIX}{wire_type}"


def schema_of(fact: type[Fact]) -> dict[str, Any]:
    """Give the schema of a fact class, keys in a stable order: fields as written in the class."""
    schema = fact.model_json_schema(mode="serialization", schema_generator=WireSchema)
    _unwrap_prose(schema)
    head = {"$schema": DIALECT, "$id": schema_id(fact.TYPE), "title": fact.__name__}
    parts = schema.pop("$defs", None)
    return head | schema | ({"$defs": parts} if parts else {})


def _unwrap_prose(schema: dict[str, Any]) -> None:
    """Join the lines of docstrings, paragraph by paragraph: where they are broken in the source says nothing."""
    for part in (schema, *schema.get("$defs", {}).values()):
        if "description" in part:
            paragraphs = part["description"].split("\n\n")
            part["description"] = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
