"""What intake can be asked to do about a dispute between two customers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.domain.commands.of_cases import Customer
from services.intake.domain.state import Conversation


@dataclass(frozen=True, slots=True)
class OfDispute:
    """What every such command says: the case, and when."""

    case_id: UUID
    now: datetime

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class OpenDispute(OfDispute):
    """The case's customer has something against another one; `matter` is what both are told of it."""

    dispute_id: UUID
    matter: str
    language: str
    by: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JoinDispute(OfDispute):
    """Hear the other side: a customer who is told of the matter in `conversation`, and asked for theirs."""

    customer: Customer
    conversation: Conversation
    language: str
    by: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassStatementTime(OfDispute):
    """Time has passed: a respondent who said nothing until now has missed their time."""


@dataclass(frozen=True, slots=True)
class TellDispute(OfDispute):
    """Approvals decided: tell each party, where they write and in their language, what they may know of it."""

    decision_id: UUID
    dispute_id: UUID
    outcome: str
    reason: str
    to_claimant: str | None
    to_respondent: str | None


DisputeCommand = OpenDispute | JoinDispute | PassStatementTime | TellDispute
