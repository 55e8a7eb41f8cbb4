"""What approvals remembers of a stream: a case's exceptions and how each was decided, or a delegation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from shared.contracts.approvals import (
    ApprovalGiven,
    ExceptionApproved,
    ExceptionCountered,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
    RejectionGiven,
)
from shared.contracts.approvals_after import (
    BoundaryNoted,
    CounterAccepted,
    CounterDeclined,
    ExceptionLapsed,
    ExceptionSuperseded,
    ExceptionUsed,
    PrecedentsShown,
)
from shared.contracts.approvals_delegations import DelegationEnded, DelegationGiven
from shared.contracts.approvals_disputes import DisputeDecided
from shared.contracts.event import Fact
from shared.contracts.values import Quorum


class OpenOrDecided(NamedTuple):
    """One exception as it stands. `decision` is the fact that ended it; while None, it waits for `required_role`.

    `voices` agreed, `noes` did not; `level_quorum` is the quorum of the level it was escalated to, where that has one
    of its own; `shown` is what each person was last shown of precedents; `after` is what became of the decision.
    """

    requested: ExceptionRequested
    required_role: str
    deadline: datetime
    escalated: bool = False
    voices: tuple[ApprovalGiven, ...] = ()
    decision: Fact | None = None
    noes: tuple[RejectionGiven, ...] = ()
    level_quorum: Quorum | None = None
    shown: Mapping[str, PrecedentsShown] = MappingProxyType({})
    after: Fact | None = None

    @property
    def heard(self) -> frozenset[str]:
        """Give everybody who spoke so far, in person or through a delegate."""
        agreed = [(voice.decided_by, voice.on_behalf_of) for voice in self.voices]
        people = [*agreed, *((voice.decided_by, voice.on_behalf_of) for voice in self.noes)]
        return frozenset(name for pair in people for name in pair if name is not None)

    @property
    def quorum(self) -> Quorum:
        """Give the quorum that counts on the level where it waits. Whom a lower level named does not bind this one."""
        if self.level_quorum is not None:
            return self.level_quorum
        asked = self.requested.quorum
        if self.escalated and asked.named:
            return Quorum(kind="n", needed=asked.needed)
        return asked

    @property
    def valid_until(self) -> datetime | None:
        """Give until when an approval or a counter-offer stands, None for no end or no such decision."""
        match self.decision:
            case ExceptionApproved(valid_until=until) | ExceptionCountered(valid_until=until):
                return until
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The exceptions of one case by id, in the order in which they were requested, or one delegation.

    `boundaries` says who stated limits in person, by request; `disputes` are those between customers that were decided.
    """

    by_id: Mapping[UUID, OpenOrDecided] = field(default_factory=lambda: MappingProxyType({}))
    boundaries: Mapping[UUID, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    disputes: Mapping[UUID, DisputeDecided] = field(default_factory=lambda: MappingProxyType({}))
    delegation: DelegationGiven | None = None
    delegation_ended: bool = False

    def known(self, exception_id: UUID) -> OpenOrDecided | None:
        """Give an exception, or None when the case has none with this id."""
        return self.by_id.get(exception_id)

    def limit_stated_by(self, request_id: UUID) -> frozenset[str]:
        """Give the people who stated the limit that a request met."""
        return self.boundaries.get(request_id, frozenset())


def evolve(state: Exceptions, fact: Fact) -> Exceptions:
    """Fold one fact into the state; facts that do not concern it leave it as it is."""
    match fact:
        case ExceptionRequested():
            return _put(state, fact.exception_id, OpenOrDecided(fact, fact.required_role, fact.deadline))
        case ApprovalGiven():
            known = state.by_id[fact.exception_id]
            return _put(state, fact.exception_id, known._replace(voices=(*known.voices, fact)))
        case RejectionGiven():
            known = state.by_id[fact.exception_id]
            return _put(state, fact.exception_id, known._replace(noes=(*known.noes, fact)))
        case ExceptionEscalated():
            moved = state.by_id[fact.exception_id]._replace(
                required_role=fact.required_role, deadline=fact.deadline, escalated=True, level_quorum=fact.quorum
            )
            return _put(state, fact.exception_id, moved)
        case PrecedentsShown():
            known = state.by_id[fact.exception_id]
            return _put(
                state,
                fact.exception_id,
                known._replace(shown=MappingProxyType({**known.shown, fact.shown_to: fact})),
            )
        case (
            ExceptionApproved()
            | ExceptionRejected()
            | ExceptionCountered()
            | ExceptionWithdrawn()
            | ExceptionExpired()
            | ExceptionSuperseded()
        ):
            return _put(state, fact.exception_id, state.by_id[fact.exception_id]._replace(decision=fact))
        case CounterAccepted() | CounterDeclined() | ExceptionUsed() | ExceptionLapsed():
            return _put(state, fact.exception_id, state.by_id[fact.exception_id]._replace(after=fact))
        case BoundaryNoted():
            people = state.limit_stated_by(fact.request_id) | {fact.stated_by}
            return replace(state, boundaries=MappingProxyType({**state.boundaries, fact.request_id: people}))
        case DisputeDecided():
            return replace(state, disputes=MappingProxyType({**state.disputes, fact.dispute_id: fact}))
        case DelegationGiven():
            return replace(state, delegation=fact)
        case DelegationEnded():
            return replace(state, delegation_ended=True)
        case _:
            return state


def _put(state: Exceptions, exception_id: UUID, value: OpenOrDecided) -> Exceptions:
    return replace(state, by_id=MappingProxyType({**state.by_id, exception_id: value}))
