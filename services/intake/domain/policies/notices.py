"""A message of ours to one conversation, worded and queued."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.intake.domain.commands import Told
from services.intake.domain.policies.acknowledgement import IntakeRules, reply_subject
from services.intake.domain.policies.wording import FromTemplate
from services.intake.domain.state import Conversation
from shared.contracts.intake import MessageSent


class Envelope(NamedTuple):
    """The outside of a message: its case with the tracking code and subject, its id, when and what it is for."""

    case_id: UUID
    code: str
    subject: str
    message_id: UUID
    now: datetime
    purpose: str


def queued(
    envelope: Envelope, conversation: Conversation, text: str, rules: IntakeRules, in_reply_to: UUID | None = None
) -> MessageSent:
    """Give the fact that a worded message waits to leave in a conversation."""
    letter = rules.style(conversation.channel) == "letter"
    subject = conversation.subject or envelope.subject
    return MessageSent(
        case_id=envelope.case_id,
        message_id=envelope.message_id,
        conversation_id=conversation.conversation_id,
        channel=conversation.channel,
        purpose=envelope.purpose,
        customer_id=conversation.customer_id,
        recipient=conversation.recipient,
        text=text,
        said_at=envelope.now,
        delivery="queued",
        subject=reply_subject(subject, envelope.code) if letter else None,
        in_reply_to=in_reply_to,
    )


def unreachable(conversation: Conversation | None) -> str | None:
    """Say why nobody can be told anything in a conversation; None where they can."""
    if conversation is None:
        return "the customer has said nothing in this case, so there is nowhere to tell them"
    if conversation.channel == "email" and "@" not in conversation.recipient:
        return "the customer's mail named no address to answer"
    return None


def notice(
    about: tuple[UUID, UUID, datetime],
    purpose: str,
    told: Told,
    template: str,
    values: Mapping[str, str | None],
    rules: IntakeRules,
) -> MessageSent:
    """Word a template for a customer and queue it; `about` gives the case, the message's id and the time."""
    conversation = told.conversation
    assert conversation is not None, "whoever cannot be told anything is refused before"
    case_id, message_id, now = about
    saying = FromTemplate(template, told.language, values)
    text = rules.replies.say(saying, rules.style(conversation.channel), None, told.code)
    envelope = Envelope(case_id, told.code, told.subject, message_id, now, purpose)
    return queued(envelope, conversation, text, rules, conversation.heard)
