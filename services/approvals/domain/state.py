"""What approvals remembers of a case: its exceptions, who has spoken, and how each was decided."""

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
)
from shared.contracts.event import Fact


class OpenOrDecided(NamedTuple):
    """One exception as it stands. `decision` is the fact that ended it; while None, it waits for `required_role`."""

    requested: ExceptionRequested
    required_role: str
    deadline: datetime
    escalated: bool = False
    voices: tuple[ApprovalGiven, ...] = ()
    decision: Fact | None = None

    @property
    def heard(self) -> frozenset[str]:
        """Give everybody who agreed so far, in person or through a delegate."""
        people = [(voice.decided_by, voice.on_behalf_of) for voice in self.voices]
        return frozenset(name for pair in people for name in pair if name is not None)


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The exceptions of one case by id, in the order in which they were requested."""

    by_id: Mapping[UUID, OpenOrDecided] = field(default_factory=lambda: MappingProxyType({}))

    def known(self, exception_id: UUID) -> OpenOrDecided | None:
        """Give an exception, or None when the case has none with this id."""
        return self.by_id.get(exception_id)


def evolve(state: Exceptions, fact: Fact) -> Exceptions:
    """Fold one fact into the state; facts that do not concern it leave it as it is."""
    match fact:
        case ExceptionRequested():
            return _put(state, fact.exception_id, OpenOrDecided(fact, fact.required_role, fact.deadline))
        case ApprovalGiven():
            known = state.by_id[fact.exception_id]
            return _put(state, fact.exception_id, known._replace(voices=(*known.voices, fact)))
        case ExceptionEscalated():
            moved = state.by_id[fact.exception_id]._replace(
                required_role=fact.required_role, deadline=fact.deadline, escalated=True
            )
            return _put(state, fact.exception_id, moved)
        case (
            ExceptionApproved() | ExceptionRejected() | ExceptionCountered() | ExceptionWithdrawn() | ExceptionExpired()
        ):
            return _put(state, fact.exception_id, state.by_id[fact.exception_id]._replace(decision=fact))
        case _:
            return state


def _put(state: Exceptions, exception_id: UUID, value: OpenOrDecided) -> Exceptions:
    return replace(state, by_id=MappingProxyType({**state.by_id, exception_id: value}))
