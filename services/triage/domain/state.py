"""What triage knows of a case: how its messages were read, and what was answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

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

UNKNOWN_LANGUAGE = "und"
DEFAULT_CHANNEL = "email"


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a message is read now; `request_id` is set when it asks for something."""

    message_id: UUID
    request_id: UUID | None
    channel: str
    reading: Reading
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Triage:
    """The folded facts of one case. Answers are kept by what they answer, so that none is given twice."""

    assessments: Mapping[UUID, Assessment] = field(default_factory=dict)
    requests: Mapping[UUID, UUID] = field(default_factory=dict)
    boundaries: tuple[BoundaryStated, ...] = ()
    granted: frozenset[tuple[str, str | None]] = frozenset()
    referred: frozenset[tuple[str, str | None]] = frozenset()
    proposed: tuple[ExceptionProposed, ...] = ()
    language: str = UNKNOWN_LANGUAGE

    def request(self, request_id: UUID) -> Assessment | None:
        """Give the assessment that a request stands for; None for a request that nobody made."""
        message_id = self.requests.get(request_id)
        return None if message_id is None else self.assessments[message_id]

    def boundary(self, kind: str, clause: str) -> BoundaryStated | None:
        """Give the boundary that was stated for a kind of demand by a clause."""
        return next((b for b in self.boundaries if (b.kind, b.clause.clause) == (kind, clause)), None)


def evolve(state: Triage, fact: Fact) -> Triage:
    """Fold one fact into the state; facts that say nothing to triage leave it as it is."""
    match fact:
        case RequestAssessed():
            read = Assessment(fact.message_id, fact.request_id, fact.channel or DEFAULT_CHANNEL, fact.reading)
            return _read(state, read)
        case AssessmentCorrected():
            before = state.assessments.get(fact.message_id)
            channel = before.channel if before else DEFAULT_CHANNEL
            return _read(state, Assessment(fact.message_id, fact.request_id, channel, fact.reading, corrected=True))
        case BoundaryStated():
            return replace(state, boundaries=(*state.boundaries, fact))
        case RequestGranted():
            return replace(state, granted=state.granted | {(fact.kind, _remedy(state, fact.request_id))})
        case ExceptionProposed():
            return replace(state, proposed=(*state.proposed, fact))
        case RequestReferred():
            return replace(state, referred=state.referred | {(fact.kind, _remedy(state, fact.request_id))})
        case _:
            return state


def _remedy(state: Triage, request_id: UUID) -> str | None:
    asked = state.request(request_id)
    return asked.reading.remedy if asked else None


def _read(state: Triage, read: Assessment) -> Triage:
    language = read.reading.language
    requests = state.requests if read.request_id is None else {**state.requests, read.request_id: read.message_id}
    return replace(
        state,
        assessments={**state.assessments, read.message_id: read},
        requests=requests,
        language=state.language if language == UNKNOWN_LANGUAGE else language,
    )
