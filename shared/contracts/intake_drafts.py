"""Facts that intake owns: replies in regulated cases, which a second person reads before they leave."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Part, Personal, published


class DraftFinding(Part):
    """What the reply check found in a draft: characters [start, end) of its text, and the better wording."""

    rule: str
    severity: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    problem: Personal
    better: Personal


@published("intake.regulation_noted.v1")
class RegulationNoted(CaseFact):
    """Intake heard that the case is regulated: from now on a second person reads replies before they leave."""

    category: str
    message_id: UUID | None = None


@published("intake.reply_drafted.v1")
class ReplyDrafted(CaseFact):
    """A reply waits for somebody else to release it; `message_id` is what it will be sent as.

    `checked` says whether the reply check answered; without it an empty `findings` means nothing.
    """

    draft_id: UUID
    message_id: UUID
    category: str
    purpose: str
    drafted_by: str
    text: Personal
    conversation_id: UUID
    channel: str
    customer_id: UUID
    in_reply_to: UUID | None = None
    checked: bool = False
    findings: tuple[DraftFinding, ...] = ()


@published("intake.reply_released.v1")
class ReplyReleased(CaseFact):
    """Somebody who did not write the draft released it; it is sent as it stands."""

    draft_id: UUID
    released_by: str
    note: Personal | None = None


@published("intake.reply_returned.v1")
class ReplyReturned(CaseFact):
    """Somebody who did not write the draft sent it back; it never leaves, and a new one may be written."""

    draft_id: UUID
    returned_by: str
    reason: Personal = Field(min_length=1)
