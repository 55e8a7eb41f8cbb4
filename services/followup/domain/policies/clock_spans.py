"""Every second of a clock, labelled: running, paused, closed or stopped, who held it, and what caused it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from services.followup.domain.policies.clock_state import Clock
from services.followup.domain.policies.clock_time import due_of
from shared.kernel.worktime import Calendar

State = Literal["running", "paused", "closed", "stopped"]
IN_WORKING_TIME = ("working_hours", "working_days")


class Span(NamedTuple):
    """A stretch of a clock's time. `closed`: nobody works; `stopped`: it was met, and went on later."""

    start: datetime
    end: datetime
    state: State
    held_by: str
    reason: str | None
    cause: str
    cause_id: UUID | None
    by: str | None


class Told(NamedTuple):
    """A clock explained: its spans from start to end (or now), the sums by state, and running time by holder."""

    clock: Clock
    status: str
    spans: tuple[Span, ...]
    sums: dict[str, timedelta]
    held: dict[str, timedelta]
    due: datetime | None
    breached_at: datetime | None
    ended_at: datetime | None


def tell(clock: Clock, calendar: Calendar, now: datetime) -> Told:
    """Explain a clock as it stands at `now`; the spans follow on each other, and their sum is all of its time."""
    stands = clock.standing()
    ended = stands.since if stands.status in ("met", "cancelled") else None
    end = max(ended or now, clock.started).astimezone(UTC)
    spans = tuple(_spans(clock, calendar, end))
    sums: dict[str, timedelta] = defaultdict(timedelta)
    held: dict[str, timedelta] = defaultdict(timedelta)
    for span in spans:
        sums[span.state] += span.end - span.start
        if span.state in ("running", "paused"):
            held[span.held_by] += span.end - span.start
    due = due_of(clock.started, stands.target, calendar, stands.pauses)
    breached = due if due < (stands.since or end) else None
    shown = None if stands.status == "paused" and breached is None else due
    return Told(clock, stands.status, spans, dict(sums), dict(held), shown, breached, ended)


def _spans(clock: Clock, calendar: Calendar, end: datetime) -> Iterator[Span]:
    by_hours = clock.standing().target.unit in IN_WORKING_TIME
    for span in _segments(clock, end):
        if span.start >= span.end:
            continue
        if span.state != "running" or not by_hours:
            yield span
            continue
        yield from _by_hours(span, list(calendar.periods(span.start, span.end)))


def _by_hours(span: Span, periods: Sequence[tuple[datetime, datetime]]) -> Iterator[Span]:
    at = span.start
    for begin, stop in periods:
        if begin > at:
            yield span._replace(start=at, end=begin, state="closed", reason="closed hours", held_by="nobody")
        yield span._replace(start=begin, end=stop)
        at = stop
    if at < span.end:
        yield span._replace(start=at, state="closed", reason="closed hours", held_by="nobody")


def _segments(clock: Clock, end: datetime) -> Iterator[Span]:
    now = Span(clock.started, end, "running", clock.held_by, None, clock.cause, clock.cause_id, None)
    shown = "running"
    for move, stands in clock.history():
        taken_over = move.by is not None if move.verb == "paused" else move.verb == "handed_over" and shown == "running"
        if stands.status == shown and not taken_over:
            continue
        shown = stands.status
        at = min(move.at, end)
        yield now._replace(end=at)
        state: State = "running" if shown == "running" else "paused" if shown == "paused" else "stopped"
        held = (move.held_by or stands.held_by) if state == "paused" else stands.held_by
        now = Span(at, end, state, held, move.reason, move.cause or "command", move.cause_id, move.by)
    if now.state != "stopped":
        yield now
