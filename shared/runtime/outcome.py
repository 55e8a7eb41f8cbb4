"""What a command's caller is told: the facts it recorded, or the reason of the refusal."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.approvals import ApprovalsAttemptRefused
from shared.contracts.approvals_delegations import DelegationRefused
from shared.contracts.event import Recorded
from shared.contracts.followup import FollowupAttemptRefused
from shared.contracts.intake import IntakeAttemptRefused
from shared.contracts.intake_privacy import PrivacyRefused
from shared.contracts.triage import TriageAttemptRefused
from shared.contracts.triage_policy import PolicyPublicationRefused
from shared.kernel.errors import Refused

REFUSALS = (
    IntakeAttemptRefused,
    PrivacyRefused,
    TriageAttemptRefused,
    PolicyPublicationRefused,
    ApprovalsAttemptRefused,
    DelegationRefused,
    FollowupAttemptRefused,
)


class RecordedFact(BaseModel):
    """One fact that the command recorded."""

    event_id: UUID
    type: str
    version: int
    recorded_at: datetime


class Outcome(BaseModel):
    """What a command recorded; no events when it changed nothing."""

    stream_id: UUID
    events: list[RecordedFact]


def outcome_of(stream_id: UUID, recorded: Sequence[Recorded]) -> Outcome:
    """Give the outcome of a command; raises Refused when what it recorded is a refusal."""
    for event in recorded:
        fact = event.fact
        if isinstance(fact, REFUSALS):
            why, wait = fact.reason, ""
            if isinstance(fact, PrivacyRefused):
                why += f" ({fact.law})" if fact.law else ""
                wait = f"possible from {fact.possible_on}; " if fact.possible_on else ""
            fix = f"{wait}reason code {fact.reason_code}; the attempt is on record"
            raise Refused(why, field=fact.attempt, fix=fix)
    return Outcome(
        stream_id=stream_id,
        events=[
            RecordedFact(event_id=e.event_id, type=e.type, version=e.version, recorded_at=e.recorded_at)
            for e in recorded
        ],
    )
