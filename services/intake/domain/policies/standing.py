"""How a customer and we stand: measures on conduct that are or were in force, and what helps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from uuid import UUID

from shared.contracts.event import Fact
from shared.contracts.intake_conduct import (
    ConductAppealMade,
    ConductMeasureLifted,
    ConductMeasureReviewed,
    ConductMeasureTaken,
    ConductReviewDue,
)
from shared.contracts.intake_vulnerability import VulnerabilityNoted, VulnerabilityRemoved, VulnerabilityReviewDue


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure as it stands. `appealed` while an appeal waits; `judges` are all who decided on it so far."""

    taken: ConductMeasureTaken
    told: str
    review_on: date
    open_channel: str | None
    contact: str | None
    times: str | None
    judges: frozenset[str]
    in_force: bool = True
    review_due: bool = False
    appealed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Measures and noted needs of one customer, by id, oldest first; a need that was removed is not among them.

    `asked_again` are the needs whose day of review has come.
    """

    measures: Mapping[UUID, Measure] = field(default_factory=lambda: MappingProxyType({}))
    needs: Mapping[UUID, VulnerabilityNoted] = field(default_factory=lambda: MappingProxyType({}))
    removed: frozenset[UUID] = frozenset()
    asked_again: frozenset[UUID] = frozenset()

    def in_force(self, measure: str) -> bool:
        """Tell whether a measure of this kind is in force."""
        return any(one.in_force and one.taken.measure == measure for one in self.measures.values())

    def ever(self, measure: str) -> bool:
        """Tell whether a measure of this kind is or was in force."""
        return any(one.taken.measure == measure for one in self.measures.values())


def stand(state: Standing, fact: Fact) -> Standing:
    """Fold one fact about a customer; facts that concern neither leave it as it is."""
    match fact:
        case ConductMeasureTaken():
            taken = Measure(
                fact, fact.told, fact.review_on, fact.open_channel, fact.contact, fact.times, frozenset({fact.taken_by})
            )
            return _put(state, fact.measure_id, taken)
        case ConductAppealMade():
            return _put(state, fact.measure_id, replace(state.measures[fact.measure_id], appealed=True))
        case ConductMeasureReviewed():
            return _put(state, fact.measure_id, _reviewed(state.measures[fact.measure_id], fact))
        case ConductMeasureLifted():
            lifted = replace(state.measures[fact.measure_id], in_force=False, review_due=False, appealed=False)
            return _put(state, fact.measure_id, lifted)
        case ConductReviewDue():
            return _put(state, fact.measure_id, replace(state.measures[fact.measure_id], review_due=True))
        case VulnerabilityNoted():
            return replace(state, needs=MappingProxyType({**state.needs, fact.need_id: fact}))
        case VulnerabilityReviewDue():
            return replace(state, asked_again=state.asked_again | {fact.need_id})
        case VulnerabilityRemoved():
            kept = {need_id: need for need_id, need in state.needs.items() if need_id != fact.need_id}
            return replace(state, needs=MappingProxyType(kept), removed=state.removed | {fact.need_id})
        case _:
            return state


def _reviewed(before: Measure, fact: ConductMeasureReviewed) -> Measure:
    return replace(
        before,
        told=fact.told or before.told,
        review_on=fact.review_on or before.review_on,
        open_channel=fact.open_channel or before.open_channel,
        contact=fact.contact or before.contact,
        times=fact.times or before.times,
        judges=before.judges | {fact.reviewed_by},
        review_due=False,
        appealed=False,
    )


def _put(state: Standing, measure_id: UUID, measure: Measure) -> Standing:
    return replace(state, measures=MappingProxyType({**state.measures, measure_id: measure}))
