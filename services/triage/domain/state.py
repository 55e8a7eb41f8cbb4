"""What triage knows of a case: how its messages were read, and what was answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from services.triage.domain.policies.asking import added, leading, request_id, requests_of
from services.triage.domain.policies.ruling import references_of
from shared.contracts.event import Fact
from shared.contracts.triage import (
    AssessmentCorrected,
    BoundaryStated,
    ExceptionProposed,
    Reading,
    RequestAssessed,
    RequestGranted,
    RequestReferred,
)
from shared.contracts.triage_requests import InformationAsked, PolicyRef

UNKNOWN_LANGUAGE = "und"
DEFAULT_CHANNEL = "email"


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a message is read now; `request_id` is set when it asks for something: its leading request."""

    message_id: UUID
    request_id: UUID | None
    channel: str
    reading: Reading
    corrected: bool = False

    @property
    def requests(self) -> tuple["Assessment", ...]:
        """Give each single request, the leading one first, as an assessment of its own."""
        if self.request_id is None:
            return ()
        views = requests_of(self.reading)
        if len(views) == 1:
            return (self,)
        first = leading(self.reading)
        order = sorted(range(len(views)), key=lambda place: (place != first, place))
        return tuple(
            replace(self, request_id=request_id(self.request_id, nth), reading=views[place])
            for nth, place in enumerate(order)
        )


@dataclass(frozen=True, slots=True)
class Triage:
    """The folded facts of one case. Answers are kept by what they answer, so that none is given twice.

    requests: every single request by its id, as it was made;  waiting: those that wait for information, with all
    that was said since;  policy: what the case is answered by, once it asked for something;  records: what was looked
    up last, by kind;  named: the numbers and names of records that the customer gave last, by kind
    """

    assessments: Mapping[UUID, Assessment] = field(default_factory=dict)
    requests: Mapping[UUID, Assessment] = field(default_factory=dict)
    waiting: Mapping[UUID, Assessment] = field(default_factory=dict)
    boundaries: tuple[BoundaryStated, ...] = ()
    granted: frozenset[tuple[str, str | None]] = frozenset()
    grants: tuple[RequestGranted, ...] = ()
    referred: frozenset[tuple[str, str | None]] = frozenset()
    proposed: tuple[ExceptionProposed, ...] = ()
    policy: PolicyRef | None = None
    records: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    language: str = UNKNOWN_LANGUAGE

    def request(self, request_id: UUID) -> Assessment | None:
        """Give the single request of this id, as it was made; None for a request that nobody made."""
        return self.requests.get(request_id)

    def boundary(self, kind: str, clause: str) -> BoundaryStated | None:
        """Give the boundary that was stated for a kind of demand by a clause."""
        return next((b for b in self.boundaries if (b.kind, b.clause.clause) == (kind, clause)), None)


def evolve(state: Triage, fact: Fact) -> Triage:
    """Fold one fact into the state; facts that say nothing to triage leave it as it is."""
    match fact:
        case RequestAssessed():
            read = Assessment(fact.message_id, fact.request_id, fact.channel or DEFAULT_CHANNEL, fact.reading)
            records = {one.kind: from_json(one.value) for one in fact.looked_up}
            looked_up = {**state.records, **records} if records else state.records
            return replace(_read(state, read), policy=state.policy or fact.policy, records=looked_up)
        case AssessmentCorrected():
            before = state.assessments.get(fact.message_id)
            channel = before.channel if before else DEFAULT_CHANNEL
            return _read(state, Assessment(fact.message_id, fact.request_id, channel, fact.reading, corrected=True))
        case InformationAsked():
            asked = state.requests.get(fact.request_id)
            return replace(state, waiting={**state.waiting, fact.request_id: asked}) if asked else state
        case BoundaryStated():
            return _answered(replace(state, boundaries=(*state.boundaries, fact)), fact.request_id)
        case RequestGranted():
            known = state.granted | {(fact.kind, _remedy(state, fact.request_id))}
            return _answered(replace(state, granted=known, grants=(*state.grants, fact)), fact.request_id)
        case ExceptionProposed():
            return _answered(replace(state, proposed=(*state.proposed, fact)), fact.request_id)
        case RequestReferred():
            known = state.referred | {(fact.kind, _remedy(state, fact.request_id))}
            return _answered(replace(state, referred=known), fact.request_id)
        case _:
            return state


def _answered(state: Triage, request_id: UUID) -> Triage:
    if request_id not in state.waiting:
        return state
    return replace(state, waiting={key: one for key, one in state.waiting.items() if key != request_id})


def _remedy(state: Triage, request_id: UUID) -> str | None:
    asked = state.request(request_id)
    return asked.reading.remedy if asked else None


def _read(state: Triage, read: Assessment) -> Triage:
    language = read.reading.language
    made = {one.request_id: one for one in read.requests if one.request_id is not None}
    return replace(
        state,
        assessments={**state.assessments, read.message_id: read},
        requests={**state.requests, **made} if made else state.requests,
        named={**state.named, **references_of(read.reading)} if read.reading.references else state.named,
        waiting=told(state, read) if state.waiting else state.waiting,
        language=state.language if language == UNKNOWN_LANGUAGE else language,
    )


def told(state: Triage, read: Assessment) -> Mapping[UUID, Assessment]:
    """Give the requests that wait for information, with what a message adds to them."""
    return {key: replace(one, reading=added(one.reading, read.reading) or one.reading)
            for key, one in state.waiting.items()}  # fmt: skip
