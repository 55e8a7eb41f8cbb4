"""Facts that intake owns about a dispute between two customers: its parties, and whether both were heard."""

from typing import Annotated, Literal
from uuid import UUID

from shared.contracts.event import CaseFact, Instant, Personal, PersonalMark, published


@published("intake.dispute_opened.v1")
class DisputeOpened(CaseFact):
    """What the case's customer has against another customer is to be decided; `matter` is what both are told of it."""

    dispute_id: UUID
    claimant_id: UUID
    matter: Annotated[str, PersonalMark("claimant_id")]
    opened_by: str


@published("intake.party_joined.v1")
class PartyJoined(CaseFact):
    """A customer has a part in the dispute; what they say, and what they are told, stays in their own conversation.

    `state_by` is until when the respondent can tell their side before anybody decides.
    """

    dispute_id: UUID
    customer_id: UUID
    side: Literal["claimant", "respondent"]
    conversation_id: UUID
    channel: str
    recipient: Personal
    language: str
    added_by: str
    state_by: Instant | None = None


@published("intake.statement_missed.v1")
class StatementMissed(CaseFact):
    """The respondent's time to tell their side has passed without a word: it is decided on what is known."""

    dispute_id: UUID
    customer_id: UUID
    state_by: Instant
