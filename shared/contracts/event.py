"""What every fact is made of: the base class, its wire type, its header, and the mark on personal fields."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, from_json

WIRE_PREFIX = "io.recourse."


@dataclass(frozen=True, slots=True)
class PersonalMark:
    """Marks a field that says something about a person; `subject` names the field that holds whose key seals it."""

    subject: str = "customer_id"

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        schema["x-personal"] = self.subject
        return schema


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


Personal = Annotated[str, PersonalMark()]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Part(BaseModel):
    """A value inside a fact. Readers ignore fields they do not know; errors never show what a customer wrote."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Fact(Part):
    """Something that happened. Subclasses are registered with `published` and never change but by optional fields."""

    TYPE: ClassVar[str] = ""
    STREAM: ClassVar[str] = "case"

    @property
    def stream_id(self) -> UUID:
        """The stream that this fact belongs to: a case, unless the class says otherwise."""
        raise NotImplementedError(f"{type(self).__name__} names no stream")

    def body(self) -> bytes:
        """Give the exact bytes that are stored, hashed and sent: JSON without the fields that are not set."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


class CaseFact(Fact):
    """A fact of one case."""

    case_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.case_id


F = TypeVar("F", bound=type[Fact])
REGISTRY: dict[str, type[Fact]] = {}


def published(wire_type: str, *, stream: str = "case") -> Callable[[F], F]:
    """Register a fact class under its wire type `owner.fact.vN`; raises ValueError when the type is taken."""

    def register(cls: F) -> F:
        if wire_type in REGISTRY:
            raise ValueError(f"wire type {wire_type} is registered twice")
        cls.TYPE = wire_type
        cls.STREAM = stream
        REGISTRY[wire_type] = cls
        return cls

    return register


class Recorded(NamedTuple):
    """A fact as the log holds it: the header, and the body's exact bytes."""

    event_id: UUID
    type: str
    log: str
    log_part: int
    position: int
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

    @property
    def fact(self) -> Fact | None:
        """The body as its contract class, upcast to the newest version; None when the type is unknown to us."""
        return decode(self.type, self.body)


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: dict[str, tuple[str, Upcaster]] = {}


def upcasts(old: str, new: str) -> Callable[[Upcaster], Upcaster]:
    """Register a pure function that turns the decoded body of wire type `old` into that of `new`, one version up."""

    def register(function: Upcaster) -> Upcaster:
        UPCASTERS[old] = (new, function)
        return function

    return register


def decode(wire_type: str, body: bytes) -> Fact | None:
    """Read a body as its contract class; older versions go through their upcasters; None for unknown types.

    Raises pydantic.ValidationError when the bytes do not fit the contract.
    """
    if wire_type in UPCASTERS:
        value = from_json(body)
        while wire_type in UPCASTERS:
            wire_type, lift = UPCASTERS[wire_type]
            value = lift(value)
        return REGISTRY[wire_type].model_validate(value)
    cls = REGISTRY.get(wire_type)
    return None if cls is None else cls.model_validate_json(body)
