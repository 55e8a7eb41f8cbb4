"""What intake can be asked to do in a case: take messages in, answer, and what becomes of answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.domain.policies.wording import Saying
from shared.contracts.intake_drafts import DraftFinding
from shared.contracts.values import Attachment, ContentRef


@dataclass(frozen=True, slots=True)
class Customer:
    """The customer's end of a conversation; `new` when this address was never seen before."""

    customer_id: UUID
    address_kind: str
    address: str
    name: str | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said on a channel, with the ids it goes by here. `quiet` says why no machine may answer it."""

    message_id: UUID
    conversation_id: UUID
    channel: str
    channel_message_id: str
    customer: Customer
    text: str
    said_at: datetime
    subject: str | None = None
    language_hint: str | None = None
    second_transcript: str | None = None
    duration_ms: int | None = None
    rating: int | None = None
    content: ContentRef | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: UUID | None = None
    quiet: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiveMessage:
    """A customer said something: open the case if it is not open yet, and acknowledge a first message.

    `acknowledged_at` is the last acknowledgement in this conversation over all its cases, `acknowledged_today` how
    many this customer got in the last 24 hours. `backlog` cases wait for us, `surging` when these are too many;
    whoever `comes_first` is told the usual time all the same. `open_channel` is the one that a measure left open.
    """

    case_id: UUID
    now: datetime
    tracking_code: str
    said: Said
    language: str = "en"
    linked_case_id: UUID | None = None
    acknowledged_at: datetime | None = None
    acknowledged_today: int = 0
    backlog: int = 0
    surging: bool = False
    comes_first: bool = False
    open_channel: str | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class NoteLoad:
    """So many cases wait for us now; `stream_id` is the stream of operations."""

    stream_id: UUID
    now: datetime
    backlog: int


@dataclass(frozen=True, slots=True)
class RecordAgentMessage:
    """An agent said something live on the channel. A call begins with the agent: that opens the case too."""

    case_id: UUID
    now: datetime
    tracking_code: str
    said: Said
    linked_case_id: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class SendReply:
    """Answer the customer on the conversation of `in_reply_to` or `conversation_id`, else where they last wrote.

    `automatic` answers are those that nobody has read before they leave; `by` is who wrote it,
    `kind` such as final_response, where a second person reads it in every case. What the reply check
    found is kept with the draft, where the case is regulated.
    """

    case_id: UUID
    now: datetime
    message_id: UUID
    purpose: str
    saying: Saying
    automatic: bool
    in_reply_to: UUID | None = None
    conversation_id: UUID | None = None
    by: str = "rules"
    kind: str | None = None
    checked: bool = False
    findings: tuple[DraftFinding, ...] = ()

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class ReleaseReply:
    """Somebody who did not write the draft lets it leave as it stands."""

    case_id: UUID
    now: datetime
    draft_id: UUID
    by: str
    roles: tuple[str, ...]
    note: str | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class ReturnReply:
    """Somebody who did not write the draft sends it back, with the reason."""

    case_id: UUID
    now: datetime
    draft_id: UUID
    by: str
    roles: tuple[str, ...]
    reason: str

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class NoteRegulation:
    """Triage read a message that makes the case a regulated one."""

    case_id: UUID
    now: datetime
    category: str
    message_id: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class AnswerEmergency:
    """Triage read an emergency: it is acknowledged on whatever channel it came, whatever measure is in force."""

    case_id: UUID
    now: datetime
    message_id: UUID
    language: str

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class RecordAutomaticMail:
    """A machine's mail came in; it opens no case and gets no answer."""

    mail_id: UUID
    now: datetime
    kind: str
    channel_message_id: str
    sender: str
    subject: str
    received_at: datetime
    content: ContentRef
    reason: str
    status: str | None = None
    about_case_id: UUID | None = None
    about_message_id: UUID | None = None
    customer_id: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.mail_id


@dataclass(frozen=True, slots=True)
class MarkDelivered:
    """The channel took our message; `receipt` is what it answered."""

    case_id: UUID
    now: datetime
    message_id: UUID
    attempts: int
    receipt: str

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class MarkUndelivered:
    """The channel refused our message for good, or it came back."""

    case_id: UUID
    now: datetime
    message_id: UUID
    attempts: int
    reason: str

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class NoteClosure:
    """Followup closed the case, or reopened it."""

    case_id: UUID
    now: datetime
    closed: bool
    reason: str

    @property
    def stream_id(self) -> UUID:
        return self.case_id
