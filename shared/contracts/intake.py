"""Facts that intake owns: who wrote, what was said, in and out, and which case it belongs to."""

from uuid import UUID

from shared.contracts.event import CaseFact, Fact, Instant, Personal, published
from shared.contracts.intake_surge import Surge
from shared.contracts.values import Attachment, ContentRef


@published("intake.customer_identified.v1", stream="customer")
class CustomerIdentified(Fact):
    """An address, number or handle was seen for the first time and stands for this customer from now on."""

    customer_id: UUID
    address_kind: str
    address: Personal
    name: Personal | None = None

    @property
    def stream_id(self) -> UUID:
        return self.customer_id


@published("intake.case_opened.v1")
class CaseOpened(CaseFact):
    """A customer's first message on a matter opened a case; the customer is told the tracking code and `answer_due`.

    `surge` says why that is later than usual, where it is.
    """

    tracking_code: str
    customer_id: UUID
    channel: str  # open vocabulary: a new channel must not need a new version
    conversation_id: UUID
    subject: Personal
    received_at: Instant
    answer_due: Instant
    linked_case_id: UUID | None = None
    surge: Surge | None = None


@published("intake.message_received.v1")
class MessageReceived(CaseFact):
    """A customer said something; the words are kept exactly as they came."""

    message_id: UUID
    conversation_id: UUID
    channel: str
    channel_message_id: Personal
    customer_id: UUID
    sender: Personal
    text: Personal
    received_at: Instant
    subject: Personal | None = None
    language_hint: str | None = None
    second_transcript: Personal | None = None
    duration_ms: int | None = None
    rating: int | None = None
    content: ContentRef | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: UUID | None = None
    no_automatic_answer: str | None = None  # why no machine may answer it, such as a mailing list; people may


@published("intake.message_sent.v1")
class MessageSent(CaseFact):
    """The business said something: an agent live on the channel (`delivery` said) or a reply to deliver (`queued`)."""

    message_id: UUID
    conversation_id: UUID
    channel: str
    purpose: str
    customer_id: UUID
    recipient: Personal
    text: Personal
    said_at: Instant
    delivery: str
    subject: Personal | None = None
    channel_message_id: Personal | None = None
    in_reply_to: UUID | None = None
    second_transcript: Personal | None = None
    duration_ms: int | None = None


@published("intake.message_delivered.v1")
class MessageDelivered(CaseFact):
    """The channel took our message; `receipt` is what it answered."""

    message_id: UUID
    delivered_at: Instant
    attempts: int
    receipt: Personal


@published("intake.message_undelivered.v1")
class MessageUndelivered(CaseFact):
    """The channel refused our message for good, or it bounced; somebody must reach the customer another way."""

    message_id: UUID
    attempts: int
    reason: Personal


@published("intake.case_closure_noted.v1")
class CaseClosureNoted(CaseFact):
    """Intake heard that the case was closed, or reopened: the next message opens a linked case, or joins this one."""

    closed: bool
    reason: Personal


@published("intake.automatic_mail_received.v1", stream="mail")
class AutomaticMailReceived(Fact):
    """A bounce, vacation reply, complaint report or other machine's mail; it opens no case and gets no answer.

    `customer_id` is the customer whose mail it is about, or who it comes from, where that is known.
    """

    mail_id: UUID
    kind: str
    channel_message_id: Personal
    sender: Personal
    subject: Personal
    received_at: Instant
    content: ContentRef
    reason: Personal
    status: str | None = None
    about_case_id: UUID | None = None
    about_message_id: UUID | None = None
    customer_id: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.mail_id


@published("intake.attempt_refused.v1")
class IntakeAttemptRefused(CaseFact):
    """Somebody tried what the rules of intake do not allow."""

    attempt: str
    reason_code: str
    reason: Personal
