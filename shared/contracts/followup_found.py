"""Facts that followup owns on promises found in what was said: proposed, and then made or dismissed."""

from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Instant, Personal, published


@published("followup.promise_found.v1")
class PromiseFound(CaseFact):
    """What we said to the customer sounds like a promise: `words` at [start, end) of the message's text.

    It is a promise once it is made under `promise_id`. `due` is the upper end of what was said, counted from `said_at`
    in the calendar's working time. `backed` is false when no clause or decision of the case stood behind it yet.
    """

    promise_id: UUID
    message_id: UUID
    what: Personal = Field(min_length=1)
    words: Personal = Field(min_length=1)
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    due: Instant
    said_at: Instant
    said_by: str
    channel: str
    language: str
    confidence: float = Field(ge=0, le=1)
    rule: str
    calendar: str
    calendar_version: str
    backed: bool
    doubtful: bool = False  # the other transcript of the same words says another time, or none


@published("followup.found_promise_dismissed.v1")
class FoundPromiseDismissed(CaseFact):
    """Somebody looked at what was found and says that it is no promise, or none that we owe."""

    promise_id: UUID
    reason: Personal = Field(min_length=1)
    dismissed_by: str
