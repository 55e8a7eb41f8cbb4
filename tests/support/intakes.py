"""Facts and commands of one case for tests of intake's rules."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.intake.domain.commands import Customer, ReceiveMessage, RecordAgentMessage, Said, SendReply
from services.intake.domain.policies.wording import Saying, Words
from shared.contracts.intake import CaseOpened, MessageReceived, MessageSent

CASE = UUID(int=1)
ADA = Customer(UUID(int=2), "email", "ada@example.com", "Ada")
BOB = Customer(UUID(int=3), "email", "bob@example.com", "Bob")
CHAT = UUID(int=4)
MAIL = UUID(int=5)
FIRST = UUID(int=10)
SECOND = UUID(int=11)
REPLY = UUID(int=12)
CODE = "RC-7F3K-9QXD"
MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
SUNDAY = MONDAY - timedelta(days=1)
TUESDAY_EVENING = MONDAY.replace(day=24, hour=18)


def said(message: UUID = FIRST, channel: str = "chat", customer: Customer = ADA, **more: Any) -> Said:
    """Something said by, or to, Ada."""
    conversation = MAIL if channel == "email" else CHAT
    values = {"text": "My order came broken.", "said_at": MONDAY, "channel_message_id": str(message.int), **more}
    return Said(message_id=message, conversation_id=conversation, channel=channel, customer=customer, **values)


def receive(message: Said | None = None, now: datetime = MONDAY, **more: Any) -> ReceiveMessage:
    """The command that a door sends for a customer's words."""
    return ReceiveMessage(CASE, now, CODE, message or said(), **more)


def agent_says(message: Said) -> RecordAgentMessage:
    """The command that a door sends for an agent's words."""
    return RecordAgentMessage(CASE, MONDAY, CODE, message)


def reply(saying: Saying | None = None, automatic: bool = True, **more: Any) -> SendReply:
    """An answer of another service, or of an agent."""
    return SendReply(CASE, MONDAY, REPLY, "boundary", saying or Words("We cannot do that."), automatic, **more)


def opened(channel: str = "chat", customer: Customer = ADA) -> CaseOpened:
    """The case is open."""
    return CaseOpened(
        case_id=CASE,
        tracking_code=CODE,
        customer_id=customer.customer_id,
        channel=channel,
        conversation_id=MAIL if channel == "email" else CHAT,
        subject="My order came broken.",
        received_at=MONDAY,
        answer_due=TUESDAY_EVENING,
    )


def received(message: UUID = FIRST, channel: str = "chat", customer: Customer = ADA, **more: Any) -> MessageReceived:
    """The customer's words are recorded."""
    values = {"text": "My order came broken.", **more}
    return MessageReceived(
        case_id=CASE,
        message_id=message,
        conversation_id=MAIL if channel == "email" else CHAT,
        channel=channel,
        channel_message_id=str(message.int),
        customer_id=customer.customer_id,
        sender=customer.address,
        received_at=MONDAY,
        **values,
    )


def sent(message: UUID = REPLY, channel: str = "chat", delivery: str = "queued", **more: Any) -> MessageSent:
    """Words of ours are recorded."""
    values = {"purpose": "acknowledgement", "text": "Thank you.", **more}
    return MessageSent(
        case_id=CASE,
        message_id=message,
        conversation_id=MAIL if channel == "email" else CHAT,
        channel=channel,
        customer_id=ADA.customer_id,
        recipient=ADA.address,
        said_at=MONDAY,
        delivery=delivery,
        **values,
    )
