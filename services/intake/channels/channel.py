"""What every channel is made of: bytes in become a message, a message out becomes bytes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from services.intake.domain.policies.identity import content_hash
from shared.contracts.intake import MessageSent

Speaker = Literal["customer", "agent"]


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes kept exactly as they came."""

    data: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """The hash of the bytes (hex), by which a mail that comes again is known."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that came with a message."""

    name: str
    content: Content


@dataclass(frozen=True, slots=True)
class OwnMail:
    """How our own mail is told from others': the address we answer from, and the domain of our Message-IDs."""

    address: str
    domain: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """How content reached a door: when, in which conversation, and what the SMTP envelope named as sender."""

    now: datetime
    conversation_key: str = ""
    envelope_from: str | None = None
    own: OwnMail = OwnMail(address="", domain="")


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One thing said on a channel, normalised; `text` is whole, with quotes and signature.

    `dedupe_key` names the message within its channel: the same key with the same content is a duplicate. `quiet` says
    why no automatic answer may go out (None when it may). `refs` are the Message-IDs it answers, nearest first.
    """

    channel: str
    channel_message_id: str
    dedupe_key: str
    conversation_key: str
    address_kind: str
    address: str
    name: str | None
    subject: str | None
    text: str
    received_at: datetime
    speaker: Speaker = "customer"
    language_hint: str | None = None
    refs: tuple[str, ...] = ()
    tracking_codes: tuple[str, ...] = ()
    content: Content | None = None
    attachments: tuple[AttachedFile, ...] = ()
    rating: int | None = None
    second_transcript: str | None = None
    duration_ms: int | None = None
    quiet: str | None = None

    @property
    def hash(self) -> str:
        """What this message says, as one value: differs when words, subject, rating or transcript differ."""
        return content_hash(self.text, self.subject, self.second_transcript, self.rating, self.duration_ms)


@dataclass(frozen=True, slots=True)
class AutomaticMail:
    """A machine's mail: it opens no case and gets no answer. `about` are the Message-IDs that it may be about."""

    kind: str
    channel_message_id: str
    dedupe_key: str
    sender: str
    subject: str
    received_at: datetime
    content: Content
    reason: str
    status: str | None = None
    about: tuple[str, ...] = ()
    tracking_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """What a reply needs besides its text to reach the thread it belongs to.

    `refs` are the Message-IDs of the thread, oldest first; `answers` is the one of them that is answered.
    """

    own: OwnMail
    tracking_code: str
    refs: tuple[str, ...] = ()
    answers: str | None = None
    automatic: bool = True


class Channel(Protocol):
    """A way customers reach us and we reach them. A new one is one file, one line in the registry and a sample."""

    @property
    def name(self) -> str:
        """The channel's word on the wire."""
        ...

    @property
    def style(self) -> str:
        """How answers are worded on it: letter, chat, script or review."""
        ...

    def parse(self, content: bytes, arrival: Arrival) -> InboundMessage | AutomaticMail:
        """Read what came in; raises MalformedInput when it cannot be a message of this channel."""
        ...

    def compose(self, sent: MessageSent, context: ReplyContext) -> bytes:
        """Write our message as the bytes that the channel delivers."""
        ...
