"""What is on record of a customer's data: the holds on it, and how far its erasure is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from uuid import UUID

from shared.contracts.event import Fact
from shared.contracts.intake_privacy import (
    CustomerErased,
    ErasureApproved,
    ErasureRequested,
    HoldPlaced,
    HoldReleased,
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """The holds in force by id, those that were released, the erasure that was asked for, approved, done."""

    holds: Mapping[UUID, HoldPlaced] = field(default_factory=lambda: MappingProxyType({}))
    released: frozenset[UUID] = frozenset()
    requested: ErasureRequested | None = None
    approved: ErasureApproved | None = None
    erased: bool = False

    def holding(self, today: date) -> list[HoldPlaced]:
        """Give the holds that keep the data today; one whose last day is over keeps it no longer."""
        return [hold for hold in self.holds.values() if hold.until is None or hold.until >= today]


def keep(state: Keeping, fact: Fact) -> Keeping:
    """Fold one fact about a customer's data; others leave it as it is."""
    match fact:
        case HoldPlaced():
            return replace(state, holds=MappingProxyType({**state.holds, fact.hold_id: fact}))
        case HoldReleased():
            left = {hold_id: hold for hold_id, hold in state.holds.items() if hold_id != fact.hold_id}
            return replace(state, holds=MappingProxyType(left), released=state.released | {fact.hold_id})
        case ErasureRequested():
            return replace(state, requested=fact)
        case ErasureApproved():
            return replace(state, approved=fact)
        case CustomerErased():
            return replace(state, erased=True)
        case _:
            return state
