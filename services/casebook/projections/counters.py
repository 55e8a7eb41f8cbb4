"""How many of what, by day? Numbers that everybody asks for, counted as facts arrive."""

from collections.abc import Sequence

from services.casebook.projections.projection import Projection
from services.casebook.tables import COUNTER
from shared.contracts.approvals import (
    ExceptionApproved,
    ExceptionCountered,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.approvals_after import CounterAccepted, CounterDeclined, ExceptionLapsed, ExceptionSuperseded
from shared.contracts.event import Fact, Recorded
from shared.contracts.followup import (
    CaseClosed,
    CaseReopened,
    CaseResolved,
    PromiseAtRisk,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.contracts.intake import AutomaticMailReceived, CaseOpened, MessageReceived, MessageSent
from shared.contracts.triage import AssessmentCorrected, BoundaryStated, RequestAssessed
from shared.eventstore.readmodel import Change

ONE = {"number": 1}

counters = Projection("counters", COUNTER)

# Facts that are counted by themselves: name and label.
PLAIN: dict[type[Fact], tuple[str, str]] = {
    CaseOpened: ("cases", "opened"),
    CaseResolved: ("cases", "resolved"),
    CaseReopened: ("cases", "reopened"),
    CaseClosed: ("cases", "closed"),
    ExceptionRequested: ("exceptions", "requested"),
    ExceptionApproved: ("exceptions", "approved"),
    ExceptionRejected: ("exceptions", "rejected"),
    ExceptionCountered: ("exceptions", "countered"),
    ExceptionWithdrawn: ("exceptions", "withdrawn"),
    ExceptionExpired: ("exceptions", "expired"),
    ExceptionSuperseded: ("exceptions", "superseded"),
    CounterAccepted: ("exceptions", "accepted"),
    CounterDeclined: ("exceptions", "declined"),
    ExceptionLapsed: ("exceptions", "lapsed"),
    PromiseMade: ("promises", "made"),
    PromiseAtRisk: ("promises", "at_risk"),
    PromiseBroken: ("promises", "broken"),
    PromiseKept: ("promises", "kept"),
    PromiseRenegotiated: ("promises", "renegotiated"),
    PromiseReleased: ("promises", "released"),
}


def _count(event: Recorded, name: str, label: str, number: int = 1) -> Change:
    return Change(
        COUNTER, (event.recorded_at.date(), name, label, event.log_part), add=ONE if number == 1 else {"number": number}
    )


def unknown(event: Recorded) -> Sequence[Change]:
    """Count an event of a type that this version does not know."""
    return _count(event, "events", event.type), _count(event, "unknown_events", event.type)


def _counted(event: Recorded, *more: Change) -> Sequence[Change]:
    return (_count(event, "events", event.type), *more)


@counters.on(Fact)
def _anything(event: Recorded, fact: Fact) -> Sequence[Change]:
    plain = PLAIN.get(type(fact))
    return _counted(event, _count(event, *plain)) if plain else _counted(event)


@counters.on(MessageReceived)
def _received(event: Recorded, fact: MessageReceived) -> Sequence[Change]:
    return _counted(event, _count(event, "messages_in", fact.channel))


@counters.on(MessageSent)
def _sent(event: Recorded, fact: MessageSent) -> Sequence[Change]:
    return _counted(event, _count(event, "messages_out", fact.channel))


@counters.on(AutomaticMailReceived)
def _automatic(event: Recorded, fact: AutomaticMailReceived) -> Sequence[Change]:
    return _counted(event, _count(event, "automatic_mails", fact.kind))


@counters.on(RequestAssessed)
def _assessed(event: Recorded, fact: RequestAssessed) -> Sequence[Change]:
    if fact.request_id is None or not fact.reading.kinds:
        return _counted(event)
    return _counted(event, _count(event, "requests", fact.reading.kinds[0]))


@counters.on(AssessmentCorrected)
def _corrected(event: Recorded, fact: AssessmentCorrected) -> Sequence[Change]:
    changes = [
        _count(event, "requests", reading.kinds[0], number)
        for reading, number in ((fact.before, -1), (fact.reading, 1))
        if reading.kinds
    ]
    return _counted(event, *changes)


@counters.on(BoundaryStated)
def _boundary(event: Recorded, fact: BoundaryStated) -> Sequence[Change]:
    return _counted(event, _count(event, "boundaries", f"{fact.clause.policy}/{fact.clause.clause}"))
