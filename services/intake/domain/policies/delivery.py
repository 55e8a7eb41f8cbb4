"""What becomes of our messages, and what machines send us."""

from services.intake.domain.commands import MarkDelivered, MarkUndelivered, RecordAutomaticMail
from services.intake.domain.state import IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import AutomaticMailReceived, MessageDelivered, MessageUndelivered


def automatic(command: RecordAutomaticMail) -> Fact:
    """Give the fact that a machine's mail came in."""
    return AutomaticMailReceived(
        mail_id=command.mail_id,
        kind=command.kind,
        channel_message_id=command.channel_message_id,
        sender=command.sender,
        subject=command.subject,
        received_at=command.received_at,
        content=command.content,
        reason=command.reason,
        status=command.status,
        about_case_id=command.about_case_id,
        about_message_id=command.about_message_id,
        customer_id=command.customer_id,
    )


def delivered(command: MarkDelivered, state: IntakeState) -> list[Fact]:
    """Give the fact that the channel took our message; none when that is known, or it was said live."""
    if state.sent.get(command.message_id) != "queued":
        return []
    return [
        MessageDelivered(
            case_id=command.case_id,
            message_id=command.message_id,
            delivered_at=command.now,
            attempts=command.attempts,
            receipt=command.receipt,
        )
    ]


def undelivered(command: MarkUndelivered, state: IntakeState) -> list[Fact]:
    """Give the fact that our message did not arrive; a mail that its server took may still bounce later."""
    if state.sent.get(command.message_id) not in ("queued", "delivered"):
        return []
    return [
        MessageUndelivered(
            case_id=command.case_id, message_id=command.message_id, attempts=command.attempts, reason=command.reason
        )
    ]
