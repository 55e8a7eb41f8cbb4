"""The channels whose connectors post JSON: one body, one way to read it, and how each channel names conversations."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.intake.channels.channel import Arrival, InboundMessage, ReplyContext
from services.intake.domain.policies.identity import normal_address
from services.intake.domain.policies.tracking import codes_in
from shared.contracts.intake import MessageSent
from shared.kernel.errors import MalformedInput

CLOCK_ERROR = timedelta(minutes=5)
LONGEST_TEXT = 100_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")  # no database text holds NUL


Text = Annotated[str, AfterValidator(_storable)]


class Sender(BaseModel, extra="forbid"):
    """The customer's end of the conversation (on an agent's turn too: whom the agent speaks with)."""

    kind: Text = Field(min_length=1, max_length=40, description="email, phone, handle, or the channel's own word")
    address: Text = Field(min_length=1, max_length=320)
    name: Text | None = Field(default=None, max_length=200)


class DoorMessage(BaseModel):
    """One thing said on a channel, as its connector posts it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "message_id": "m-1",
                    "text": "The shirt came torn. I want my money back.",
                    "said_at": "2026-11-24T09:00:00Z",
                    "sender": {"kind": "handle", "address": "ada", "name": "Ada"},
                }
            ]
        },
    )

    message_id: Text = Field(min_length=1, max_length=300, description="the channel's own id: repeats are recognised")
    sender: Sender
    text: Text = Field(max_length=LONGEST_TEXT)
    speaker: Literal["customer", "agent"] = "customer"
    said_at: AwareDatetime | None = Field(default=None, description="when it was said; now, if absent")
    subject: Text | None = Field(default=None, max_length=998)
    language: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    rating: int | None = None
    second_transcript: Text | None = Field(default=None, max_length=LONGEST_TEXT)
    duration_ms: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> "DoorMessage":
        if not self.text.strip() and self.rating is None and not self.second_transcript:
            raise ValueError("the message says nothing: give text, a rating or a second_transcript")
        return self


@dataclass(frozen=True, slots=True)
class SaidChannel:
    """A channel of posted messages.

    `path` is the door's address; with `{conversation_key}` in it the connector names the conversation, else every
    message starts one that is named by its own id. `style` is how answers are worded.
    """

    name: str
    style: str
    path: str

    @property
    def names_conversations(self) -> bool:
        """Whether the connector says which conversation a message belongs to."""
        return "{conversation_key}" in self.path

    @property
    def replies_path(self) -> str:
        """Where the connector fetches what we answer in a conversation."""
        return self.path if self.names_conversations else f"{self.path}/{{conversation_key}}/messages"

    def parse(self, content: bytes, arrival: Arrival) -> InboundMessage:
        """Read a posted body; raises MalformedInput naming the field that is wrong."""
        try:
            body = DoorMessage.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "body"
            raise MalformedInput(first["msg"], field=where, fix="see the door's schema in /openapi.json") from error
        return self.read(body, arrival)

    def read(self, body: DoorMessage, arrival: Arrival) -> InboundMessage:
        """Give the message of a posted body; raises MalformedInput when it was said in the future."""
        said_at = body.said_at or arrival.now
        if said_at > arrival.now + CLOCK_ERROR:
            raise MalformedInput("lies in the future", field="said_at", fix="send the time at which it was said")
        if said_at < EARLIEST:
            raise MalformedInput("lies before 1970", field="said_at", fix="send the time at which it was said")
        conversation = arrival.conversation_key or body.message_id
        return InboundMessage(
            channel=self.name,
            channel_message_id=body.message_id,
            dedupe_key=f"{conversation}\n{body.message_id}",
            conversation_key=conversation,
            address_kind=body.sender.kind,
            address=normal_address(body.sender.kind, body.sender.address),
            name=body.sender.name,
            subject=body.subject,
            text=body.text,
            received_at=said_at,
            speaker=body.speaker,
            language_hint=body.language,
            tracking_codes=codes_in(f"{body.subject or ''}\n{body.text}") if body.speaker == "customer" else (),
            rating=body.rating,
            second_transcript=body.second_transcript,
            duration_ms=body.duration_ms,
        )

    def compose(self, sent: MessageSent, context: ReplyContext) -> bytes:
        """Write our message as the JSON that the channel's connector fetches."""
        return OutMessage.of(sent, context.tracking_code).model_dump_json(exclude_none=True).encode()


class OutMessage(BaseModel):
    """Our message as a channel's connector gets it."""

    message_id: str
    purpose: str = Field(description="acknowledgement, script (for the agent to say), agent, boundary, granted, ...")
    text: str
    said_at: AwareDatetime
    tracking_code: str
    delivery: str
    in_reply_to: str | None = None

    @classmethod
    def of(cls, sent: MessageSent, tracking_code: str) -> "OutMessage":
        """Give what a connector is told of a message that we sent."""
        return cls(
            message_id=str(sent.message_id),
            purpose=sent.purpose,
            text=sent.text,
            said_at=sent.said_at,
            tracking_code=tracking_code,
            delivery=sent.delivery,
            in_reply_to=str(sent.in_reply_to) if sent.in_reply_to else None,
        )
