"""What is remembered of the clocks of one case, and how each stands: told by its moves in the order of their time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID

from services.followup.domain.policies.clock_time import Pause, due_of
from shared.contracts.event import Fact
from shared.contracts.followup import CaseTakenUp, MatterNoted, MessageNoted
from shared.contracts.followup_clocks import ClockChange, ClockMoves, ClocksMoved, TimeTarget
from shared.kernel.worktime import Calendar

OUTCOMES = {
    "boundary": "triage.boundary_stated",
    "granted": "triage.request_granted",
    "asked": "triage.information_asked",
    "referred": "triage.request_referred",
    "proposed": "triage.exception_proposed",
    "approved": "approvals.exception_approved",
    "rejected": "approvals.exception_rejected",
    "countered": "approvals.exception_countered",
    "withdrawn": "approvals.exception_withdrawn",
    "expired": "approvals.exception_expired",
    "accepted": "approvals.counter_accepted",
    "declined": "approvals.counter_declined",
    "lapsed": "approvals.exception_lapsed",
    "superseded": "approvals.exception_superseded",
}
ALARMS = ("warned", "escalated", "breached")
NONE_YET: Mapping[str, datetime] = MappingProxyType({})
Status = Literal["running", "paused", "met", "cancelled"]


class Early(NamedTuple):
    """What other services said before it was known that the case is open: the fact, when, and its attributes."""

    fact: str
    at: datetime
    attributes: dict[str, frozenset[str]]


class Move(NamedTuple):
    """One thing that happened to a clock, and what caused it: a fact with its event, a person, or a timer."""

    at: datetime
    verb: str
    held_by: str | None = None
    reason: str | None = None
    by: str | None = None
    target: TimeTarget | None = None
    cause: str | None = None
    cause_id: UUID | None = None


class Standing(NamedTuple):
    """How a clock stands: its pauses that are over, since when it is paused or ended, and who has it.

    `paused_by` is the person who paused it; such a pause is ended by a person alone.
    """

    status: Status
    target: TimeTarget
    held_by: str
    pauses: tuple[Pause, ...] = ()
    since: datetime | None = None
    paused_by: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of a case. `alarms` are the latest warning, escalations and breach, by label.

    `noted_at` is when we learned that it runs: later than its start when we were told late.
    """

    clock_id: UUID
    name: str
    metric: str
    started: datetime
    noted_at: datetime
    original_due: datetime
    target: TimeTarget
    held_by: str
    calendar: str
    calendar_version: str
    cause: str
    cause_id: UUID | None
    moves: tuple[Move, ...] = ()
    alarms: Mapping[str, datetime] = field(default_factory=lambda: NONE_YET)

    def standing(self, until: datetime | None = None) -> Standing:
        """Tell how the clock stands after all its moves, or after those until an instant."""
        now = Standing("running", self.target, self.held_by)
        for move, after in self.history():
            if until is not None and move.at > until:
                break
            now = after
        return now

    def history(self) -> Iterator[tuple[Move, Standing]]:
        """Give every move in the order of its time, and how the clock stood after it."""
        now = Standing("running", self.target, self.held_by)
        for move in self.moves:
            now = _moved(now, move)
            yield move, now

    def due(self, calendar: Calendar, standing: Standing | None = None) -> datetime | None:
        """Give when it runs out, or when it would have if it is over; None while it is paused."""
        stands = standing or self.standing()
        if stands.status == "paused":
            return None
        return due_of(self.started, stands.target, calendar, stands.pauses)


READ, CORRECTED = ("intake.message_received", "triage.request_assessed"), ("triage.assessment_corrected",)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a case by id, and what decides which may run: where it came in, when, and what it is about.

    `early` is what was heard before the case was `taken_up`, for clocks that start with it. `latest` is when each fact
    of triage and approvals last happened, for clocks that start or go on before one that was heard sooner. Both only
    bridge the order in which things are heard.
    """

    channel: str | None = None
    received_at: datetime | None = None
    kinds: frozenset[str] = frozenset()
    items: Mapping[UUID, Clock] = field(default_factory=lambda: MappingProxyType({}))
    taken_up: bool = False
    early: tuple[Early, ...] = field(default=(), compare=False)
    latest: Mapping[str, datetime] = field(default_factory=lambda: NONE_YET, compare=False)

    def of(self, name: str) -> Clock | None:
        """Give the newest clock of a name."""
        return max(
            (clock for clock in self.items.values() if clock.name == name),
            key=lambda clock: (clock.started, clock.clock_id),
            default=None,
        )

    def runs(self, name: str, at: datetime | None = None) -> bool:
        """Tell whether a clock of this name is running or paused, or was at an instant."""
        clock = self.of(name)
        return clock is not None and clock.standing(at).status in ("running", "paused")


def take(clocks: Clocks, moves: ClockMoves) -> Clocks:
    """Fold what one cause did into the clocks of a case."""
    items = dict(clocks.items)
    for change in moves.changes:
        known = items.get(change.clock_id)
        if known is None:
            if change.verb == "started":
                items[change.clock_id] = _started(change, moves)
        elif change.verb in ALARMS:
            label = change.level or change.verb
            items[change.clock_id] = replace(known, alarms=MappingProxyType({**known.alarms, label: change.at}))
        else:
            items[change.clock_id] = replace(known, moves=_with(known.moves, change, moves))
    return replace(clocks, items=MappingProxyType(items))


def _started(change: ClockChange, moves: ClockMoves) -> Clock:
    assert change.target is not None
    assert change.original_due is not None
    return Clock(
        clock_id=change.clock_id,
        name=change.clock,
        metric=change.metric or change.clock,
        started=change.at,
        noted_at=change.noted_at or change.at,
        original_due=change.original_due,
        target=change.target,
        held_by=change.held_by or "nobody",
        calendar=change.calendar or "",
        calendar_version=change.calendar_version or "",
        cause=moves.cause,
        cause_id=moves.cause_id,
    )


def _with(known: tuple[Move, ...], change: ClockChange, moves: ClockMoves) -> tuple[Move, ...]:
    move = Move(
        change.at,
        change.verb,
        change.held_by,
        change.reason,
        change.by,
        change.target,
        moves.cause,
        moves.cause_id,
    )
    return tuple(sorted((*known, move), key=lambda each: each.at))


def _moved(now: Standing, move: Move) -> Standing:
    match move.verb, now.status:
        case "retargeted", _:
            return now._replace(target=move.target or now.target)
        case "handed_over", _:
            return now._replace(held_by=move.held_by or now.held_by)
        case "paused", "running":
            return now._replace(status="paused", since=move.at, paused_by=move.by)
        case "paused", "paused":
            return now._replace(paused_by=move.by or now.paused_by)
        case "resumed", ("paused" | "met" | "cancelled"):
            return _going_on(now, move)._replace(status="running", since=None, paused_by=None)
        case (("met" | "cancelled"), ("running" | "paused")):
            over = _going_on(now, move) if now.status == "paused" else now
            status: Status = "met" if move.verb == "met" else "cancelled"
            return over._replace(status=status, since=move.at, paused_by=None)
        case _:
            return now


def _going_on(now: Standing, move: Move) -> Standing:
    since = now.since
    assert since is not None
    return now._replace(pauses=(*now.pauses, (since, move.at)), held_by=move.held_by or now.held_by)


def learn(clocks: Clocks, fact: Fact) -> Clocks:
    """Take from a fact of ours what decides which clocks may run, and what it did to them."""
    match fact:
        case CaseTakenUp():
            clocks = replace(clocks, channel=fact.channel, received_at=fact.received_at, taken_up=True, early=())
        case MessageNoted(read=True):
            if fact.kinds and not clocks.kinds >= set(fact.kinds):
                clocks = replace(clocks, kinds=clocks.kinds | frozenset(fact.kinds))
            if not clocks.taken_up:
                about = {"kind": frozenset(fact.kinds or ()), "message": frozenset({str(fact.message_id)})}
                # Of a message that was read, nothing but a correction is noted.
                again = any(early.attributes.get("message") == about["message"] for early in clocks.early)
                heard = (Early(name, fact.at, about) for name in (CORRECTED if again else READ))
                clocks = replace(clocks, early=(*clocks.early, *heard))
        case MatterNoted():
            name = OUTCOMES[fact.outcome]
            if not clocks.taken_up:
                clocks = replace(clocks, early=(*clocks.early, Early(name, fact.at, {})))
            if clocks.latest.get(name, fact.at) <= fact.at:
                clocks = replace(clocks, latest=MappingProxyType({**clocks.latest, name: fact.at}))
        case _:
            pass
    moves = fact.moves if isinstance(fact, ClocksMoved) else getattr(fact, "clocks", None)
    return take(clocks, moves) if isinstance(moves, ClockMoves) else clocks
