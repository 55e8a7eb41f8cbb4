"""What followup remembers of a case, such that it does not matter in which order the other services were heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

from services.followup.domain.policies.clock_state import Clocks, learn
from shared.contracts.event import Fact
from shared.contracts.followup import (
    CaseClosed,
    CaseReopened,
    CaseResolved,
    CaseTakenUp,
    CheckInAnswered,
    CheckInAsked,
    CheckInScheduled,
    MatterNoted,
    MessageNoted,
    Owed,
    PromiseAtRisk,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.contracts.followup_clocks import CalendarPublished
from shared.contracts.followup_found import FoundPromiseDismissed, PromiseFound
from shared.contracts.values import Backing

V = TypeVar("V")
NO_CLOCKS_YET = Clocks()
OVER = ("kept", "released")
ANSWERS = ("boundary", "granted", "asked", "approved", "rejected", "countered", "expired", "accepted", "lapsed")
# An exception whose decision is no longer there to rest a promise on.
GONE = ("declined", "lapsed", "superseded")
DECIDED = ("approved", "rejected", "countered", "withdrawn", "expired", "accepted", *GONE)


class Promise(NamedTuple):
    """A promise as it stands: made, at_risk, broken or renegotiated while open; kept or released when over."""

    made: PromiseMade
    due: datetime
    at_risk_from: datetime
    status: Literal["made", "at_risk", "broken", "kept", "renegotiated", "released"] = "made"

    @property
    def open(self) -> bool:
        """Tell whether we still owe it; a broken promise can be kept late."""
        return self.status not in OVER


class CheckIn(NamedTuple):
    """The question whether it is settled: scheduled, asked or answered (by which message, and how).

    `said_before` are the messages that were read before it was asked, and so cannot be the answer.
    """

    check_in_id: UUID
    due: datetime
    status: Literal["scheduled", "asked", "answered"] = "scheduled"
    message_id: UUID | None = None
    settled: bool | None = None
    said_before: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Followup:
    """One case. Sets and latest instants only grow with what others said, so that any order gives the same.

    waiting: messages heard and not yet read;  read: messages that triage read
    owed: promises that wait until the customer is known;  exceptions: by id, whether they are decided
    answered: there was an answer to the customer;  quiet_since: the latest thing that anybody said
    unchecked: something came up since the customer was last to be asked whether it is settled
    found: what we said that sounds like a promise and nobody has looked at
    published: for the stream of a calendar, that it is pinned
    """

    status: Literal["open", "resolved", "closed"] = "open"
    customer_id: UUID | None = None
    language: str = "en"
    waiting: frozenset[UUID] = frozenset()
    read: frozenset[UUID] = frozenset()
    referred: frozenset[UUID] = frozenset()
    exceptions: Mapping[UUID, bool] = field(default_factory=lambda: MappingProxyType({}))
    backings: frozenset[Backing] = frozenset()
    owed: Mapping[UUID, tuple[Owed, Backing]] = field(default_factory=lambda: MappingProxyType({}))
    promises: Mapping[UUID, Promise] = field(default_factory=lambda: MappingProxyType({}))
    answered: bool = False
    quiet_since: datetime | None = None
    check_in: CheckIn | None = None
    unchecked: bool = True
    closes_at: datetime | None = None
    clocks: Clocks = NO_CLOCKS_YET
    found: Mapping[UUID, PromiseFound] = field(default_factory=lambda: MappingProxyType({}))
    published: bool = False

    @property
    def open_promises(self) -> tuple[Promise, ...]:
        """Give the promises that we still owe, the earliest due first."""
        left = (promise for promise in self.promises.values() if promise.open)
        return tuple(sorted(left, key=lambda promise: (promise.due, promise.made.promise_id)))

    @property
    def in_debt(self) -> bool:
        """Tell whether we owe the customer anything, known to them or not."""
        return bool(self.owed or self.open_promises)

    @property
    def undecided(self) -> bool:
        """Tell whether an exception waits for its decision."""
        return not all(self.exceptions.values())

    @property
    def settled_but_for_silence(self) -> bool:
        """Tell whether everything is answered and nothing open, so that silence settles the case."""
        idle = not (self.waiting or self.referred or self.in_debt or self.undecided)
        return self.status == "open" and self.answered and idle


def evolve(state: Followup, fact: Fact) -> Followup:
    """Fold one fact into the state; facts that do not concern it leave it as it is."""
    clocks = learn(state.clocks, fact)
    after = _evolve(state, fact)
    return after if clocks is state.clocks else replace(after, clocks=clocks)


def _evolve(state: Followup, fact: Fact) -> Followup:
    match fact:
        case CaseTakenUp():
            return replace(state, customer_id=fact.customer_id)
        case MessageNoted():
            return _message(state, fact)
        case MatterNoted():
            return _matter(state, fact)
        case PromiseMade():
            return replace(
                state,
                promises=_with(state.promises, fact.promise_id, Promise(fact, fact.due, fact.at_risk_from)),
                owed=_without(state.owed, fact.promise_id),
                answered=True,
                unchecked=True,
                found=_without(state.found, fact.promise_id),
            )
        case PromiseFound():
            return replace(state, found=_with(state.found, fact.promise_id, fact))
        case FoundPromiseDismissed():
            return replace(state, found=_without(state.found, fact.promise_id))
        case CalendarPublished():
            return replace(state, published=True)
        case PromiseAtRisk():
            return _put(state, state.promises[fact.promise_id]._replace(status="at_risk"))
        case PromiseBroken():
            return _put(state, state.promises[fact.promise_id]._replace(status="broken"))
        case PromiseKept():
            kept = _put(state, state.promises[fact.promise_id]._replace(status="kept"))
            return replace(kept, quiet_since=_later(state.quiet_since, fact.kept_at))
        case PromiseRenegotiated():
            moved = state.promises[fact.promise_id]._replace(due=fact.due, at_risk_from=fact.at_risk_from)
            return _put(state, moved._replace(status="renegotiated"))
        case PromiseReleased():
            return _put(state, state.promises[fact.promise_id]._replace(status="released"))
        case CheckInScheduled():
            return replace(state, check_in=CheckIn(fact.check_in_id, fact.due), unchecked=False)
        case CheckInAsked():
            asked = state.check_in and state.check_in._replace(status="asked", said_before=state.read)
            return replace(state, check_in=asked)
        case CheckInAnswered():
            answered = state.check_in and state.check_in._replace(
                status="answered", message_id=fact.message_id, settled=fact.settled
            )
            return replace(state, check_in=answered, unchecked=state.unchecked or not fact.settled)
        case CaseResolved():
            return replace(state, status="resolved", closes_at=fact.closes_at, referred=frozenset())
        case CaseReopened():
            if state.check_in and state.check_in.status == "scheduled":  # it would be asked in the middle of things
                state = replace(state, check_in=None, unchecked=True)
            return replace(state, status="open", closes_at=None)
        case CaseClosed():
            return replace(state, status="closed")
        case _:
            return state


def _message(state: Followup, fact: MessageNoted) -> Followup:
    if not fact.read:
        return state if fact.message_id in state.read else replace(state, waiting=state.waiting | {fact.message_id})
    return replace(
        state,
        waiting=state.waiting - {fact.message_id},
        read=state.read | {fact.message_id},
        language=fact.language or state.language,
        quiet_since=_later(state.quiet_since, fact.at),
    )


def _matter(state: Followup, fact: MatterNoted) -> Followup:
    exceptions, referred, owed = state.exceptions, state.referred - {fact.request_id}, state.owed
    if fact.outcome == "referred":
        referred |= {fact.request_id}
    elif fact.outcome == "proposed":
        exceptions = _with(exceptions, fact.matter_id, exceptions.get(fact.matter_id, False))
    elif fact.outcome in DECIDED:
        exceptions = _with(exceptions, fact.matter_id, True)
    if fact.owed and fact.backing and fact.owed.promise_id not in state.promises:
        owed = _with(owed, fact.owed.promise_id, (fact.owed, fact.backing))
    backings = state.backings | ({fact.backing} if fact.backing else frozenset())
    if fact.outcome in GONE:
        backings = frozenset(one for one in backings if one.reference != str(fact.matter_id))
        owed = MappingProxyType({key: pair for key, pair in owed.items() if pair[1] in backings})
    return replace(
        state,
        referred=referred,
        exceptions=exceptions,
        owed=owed,
        backings=backings,
        answered=state.answered or fact.outcome in ANSWERS,
        unchecked=True,
        quiet_since=_later(state.quiet_since, fact.at),
    )


def _put(state: Followup, promise: Promise) -> Followup:
    return replace(state, promises=_with(state.promises, promise.made.promise_id, promise))


def _with(mapping: Mapping[UUID, V], key: UUID, value: V) -> Mapping[UUID, V]:
    return MappingProxyType({**mapping, key: value})


def _without(mapping: Mapping[UUID, V], key: UUID) -> Mapping[UUID, V]:
    return MappingProxyType({known: value for known, value in mapping.items() if known != key})


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
