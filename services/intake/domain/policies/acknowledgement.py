"""When a customer is told at once that the message is here, and by when it will be answered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid5

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.commands import ReceiveMessage
from services.intake.domain.policies.conduct_rules import ConductRules
from services.intake.domain.policies.dispute_rules import DisputeRules
from services.intake.domain.policies.retention import RetentionRules
from services.intake.domain.policies.surge import SurgeRules
from services.intake.domain.policies.vulnerability_rules import VulnerabilityRules
from services.intake.domain.policies.wording import FromTemplate, Replies
from services.intake.domain.state import IntakeState
from shared.contracts.intake import MessageSent
from shared.kernel.worktime import Calendar

DAY = timedelta(days=1)


class SecondEyes(BaseModel):
    """Which answers (by purpose) wait in a regulated case, and who may release them, never the writer.

    Replies of `kinds` wait in every case; for each, the packs whose must-haves count beside the leading policy's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    holds: tuple[str, ...] = ("agent", "boundary", "granted")
    roles: tuple[str, ...] = Field(default=("supervisor", "manager"), min_length=1)
    kinds: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Answering(BaseModel):
    """`replies/answering.yaml`: by when we answer, and how often we acknowledge."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calendar: str
    working_days: int = Field(default=1, ge=0, le=30)
    working_days_by_channel: dict[str, int] = Field(default_factory=dict)
    acknowledgements_a_day: int = Field(default=10, ge=1, description="to one customer by mail: ends mail loops")
    second_eyes: SecondEyes = SecondEyes()


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """All that intake decides by. `styles` gives the style of each channel; one unknown is worded as chat."""

    replies: Replies
    answering: Answering
    calendar: Calendar
    surge: SurgeRules
    conduct: ConductRules
    vulnerability: VulnerabilityRules
    disputes: DisputeRules
    retention: RetentionRules
    styles: dict[str, str] = field(default_factory=dict)

    @property
    def second_eyes(self) -> SecondEyes:
        """Which answers a second person reads before they leave."""
        return self.answering.second_eyes

    def answer_due(self, now: datetime, channel: str, *, first: bool = False) -> datetime:
        """Give the end of the working day by which a message that came now is answered; sooner for who comes first."""
        days = self.answering.working_days_by_channel.get(channel, self.answering.working_days)
        if first:
            days = min(days, self.vulnerability.working_days)
        return self.calendar.add_days(now, days)

    def style(self, channel: str) -> str:
        """Give how answers on a channel are worded."""
        return self.styles.get(channel, "chat")


def acknowledgement(
    command: ReceiveMessage, state: IntakeState, answer_due: datetime, rules: IntakeRules, *, later: bool
) -> MessageSent | None:
    """Give the acknowledgement of a case's first message, or None when none is due.

    `later` says that too many wait, so that the answer comes later than usual. None for later messages, where no
    machine may answer, and by mail when this conversation had one within a day or this customer too many. On the
    phone it is a script for the agent on the line.
    """
    said = command.said
    if state.acknowledged or said.quiet is not None or state.closed:
        return None
    if said.channel == "email" and (
        (command.acknowledged_at is not None and command.now - command.acknowledged_at < DAY)
        or command.acknowledged_today >= rules.answering.acknowledgements_a_day
    ):
        return None
    style = rules.style(said.channel)
    language = rules.replies.of(command.language)
    zone = rules.calendar.zone
    opens = rules.calendar.add_time(command.now, timedelta(0))
    values = {"due": language.instant(answer_due, zone), "opens": language.instant(opens, zone)}
    in_hours = "acknowledgement" if opens <= command.now else "acknowledgement_out_of_hours"
    template = "acknowledgement_surge" if later else in_hours
    saying = FromTemplate(template, command.language, values)
    code = state.tracking_code or command.tracking_code
    return MessageSent(
        case_id=command.case_id,
        message_id=uuid5(said.message_id, "acknowledgement"),
        conversation_id=said.conversation_id,
        channel=said.channel,
        purpose="script" if style == "script" else "acknowledgement",
        customer_id=said.customer.customer_id,
        recipient=said.customer.address,
        text=rules.replies.say(saying, style, said.customer.name, code),
        said_at=command.now,
        delivery="queued",
        subject=reply_subject(said.subject, code) if style == "letter" else None,
        in_reply_to=said.message_id,
    )


def reply_subject(subject: str | None, code: str) -> str:
    """Give the subject of a reply: the customer's own, marked as an answer, with the tracking code."""
    own = (subject or "").strip()
    answered = own if own.lower().startswith("re:") else f"Re: {own}".strip()
    return answered if code in answered else f"{answered} [{code}]"
