"""Which measures on conduct are in force, and what helps whom? One row a measure and one a need, by customer."""

from collections.abc import Sequence

from services.casebook.projections.projection import Projection
from services.casebook.tables import CONDUCT_MEASURE, SUPPORT_NEED
from shared.contracts.event import Recorded
from shared.contracts.intake_conduct import (
    ConductAppealMade,
    ConductFact,
    ConductMeasureLifted,
    ConductMeasureReviewed,
    ConductMeasureTaken,
    ConductReviewDue,
)
from shared.contracts.intake_vulnerability import VulnerabilityNoted, VulnerabilityRemoved
from shared.eventstore.readmodel import Change

customer_standing = Projection("customer_standing", CONDUCT_MEASURE, SUPPORT_NEED)


@customer_standing.on(ConductMeasureTaken)
def _taken(event: Recorded, fact: ConductMeasureTaken) -> Sequence[Change]:
    row: dict[str, object] = {
        "case_id": fact.case_id,
        "measure": fact.measure,
        "category": fact.category,
        "reason": fact.reason,
        "told": fact.told,
        "taken_by": fact.taken_by,
        "role": fact.role,
        "open_channel": fact.open_channel,
        "contact": fact.contact,
        "times": fact.times,
        "taken_at": event.recorded_at,
        "review_on": fact.review_on,
        "state": "in_force",
        "review_due": False,
        "appealed": False,
    }
    return (_measure(fact, row),)


@customer_standing.on(ConductAppealMade)
def _appealed(_event: Recorded, fact: ConductAppealMade) -> Sequence[Change]:
    return (_measure(fact, {"appealed": True}),)


@customer_standing.on(ConductMeasureReviewed)
def _reviewed(_event: Recorded, fact: ConductMeasureReviewed) -> Sequence[Change]:
    row: dict[str, object] = {
        "decided_by": fact.reviewed_by,
        "why": fact.why,
        "review_due": False,
        "appealed": False,
    }
    new = {name: getattr(fact, name) for name in ("review_on", "told", "open_channel", "contact", "times")}
    return (_measure(fact, row | {name: value for name, value in new.items() if value is not None}),)


@customer_standing.on(ConductMeasureLifted)
def _lifted(_event: Recorded, fact: ConductMeasureLifted) -> Sequence[Change]:
    row: dict[str, object] = {
        "state": "lifted",
        "decided_by": fact.lifted_by,
        "why": fact.why,
        "review_due": False,
        "appealed": False,
    }
    return (_measure(fact, row),)


@customer_standing.on(ConductReviewDue)
def _due(_event: Recorded, fact: ConductReviewDue) -> Sequence[Change]:
    return (_measure(fact, {"review_due": True}),)


@customer_standing.on(VulnerabilityNoted)
def _noted(event: Recorded, fact: VulnerabilityNoted) -> Sequence[Change]:
    row: dict[str, object] = {
        "case_id": fact.case_id,
        "driver": fact.driver,
        "support": fact.support,
        "source": fact.source,
        "noted_by": fact.noted_by,
        "consent": fact.consent,
        "review_on": fact.review_on,
        "noted_at": event.recorded_at,
        "removed": False,
    }
    return (Change(SUPPORT_NEED, (fact.customer_id, fact.need_id), row),)


@customer_standing.on(VulnerabilityRemoved)
def _removed(_event: Recorded, fact: VulnerabilityRemoved) -> Sequence[Change]:
    gone: dict[str, object] = {"removed": True}
    return (Change(SUPPORT_NEED, (fact.customer_id, fact.need_id), gone),)


def _measure(fact: ConductFact, row: dict[str, object]) -> Change:
    return Change(CONDUCT_MEASURE, (fact.customer_id, fact.measure_id), row)
