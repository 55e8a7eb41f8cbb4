"""A dispute between two customers as it stands: who they are, where each is told, and whether the other was heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from uuid import UUID

from shared.contracts.event import Fact
from shared.contracts.intake import MessageReceived, MessageSent
from shared.contracts.intake_parties import DisputeOpened, PartyJoined, StatementMissed

DECISION = "dispute_decision"  # the purpose of the two messages that tell a decision


@dataclass(frozen=True, slots=True)
class Party:
    """One side: the conversation in which they wrote last, how often they wrote since they joined, and if in time."""

    joined: PartyJoined
    conversation_id: UUID
    statements: int = 0
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute with its parties by customer; `told` are those who were told the decision."""

    opened: DisputeOpened
    parties: Mapping[UUID, Party] = field(default_factory=lambda: MappingProxyType({}))
    told: frozenset[UUID] = frozenset()

    @property
    def respondent(self) -> Party | None:
        """Give the other side; None until somebody joined as that."""
        return next((party for party in self.parties.values() if party.joined.side == "respondent"), None)

    @property
    def decided(self) -> bool:
        """Tell whether the decision was told."""
        return bool(self.told)


def dispute_after(dispute: Dispute | None, fact: Fact) -> Dispute | None:
    """Fold one fact of the case; facts that do not concern the dispute leave it as it is."""
    match fact:
        case DisputeOpened():
            return Dispute(fact)
        case PartyJoined() if dispute is not None:
            return _put(dispute, Party(fact, fact.conversation_id))
        case StatementMissed() if dispute is not None:
            return _put(dispute, replace(dispute.parties[fact.customer_id], missed=True))
        case MessageReceived() if dispute is not None and fact.customer_id in dispute.parties:
            party = dispute.parties[fact.customer_id]
            heard = replace(party, conversation_id=fact.conversation_id, statements=party.statements + 1)
            return _put(dispute, heard)
        case MessageSent() if dispute is not None and fact.purpose == DECISION:
            return replace(dispute, told=dispute.told | {fact.customer_id})
        case _:
            return dispute


def _put(dispute: Dispute, party: Party) -> Dispute:
    return replace(dispute, parties=MappingProxyType({**dispute.parties, party.joined.customer_id: party}))
