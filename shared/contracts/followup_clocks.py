"""Facts that followup owns on clocks: what moved them, and the calendars that they count in."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import CaseFact, Fact, Instant, Part, Personal, published

Unit = Literal["minutes", "hours", "working_hours", "working_days", "calendar_days", "weeks", "months"]
Verb = Literal[
    "started",
    "paused",
    "resumed",
    "handed_over",
    "retargeted",
    "met",
    "warned",
    "escalated",
    "breached",
    "cancelled",
]


class TimeTarget(Part):
    """How long something may take. `ends` says when a day is over; `rolls` moves a last day on which nobody works.

    Minutes and hours run round the clock. Days, weeks and months do not count the day on which the clock starts.
    """

    amount: float = Field(gt=0, le=10_000)
    unit: Unit
    ends: Literal["midnight", "close_of_work"] = "midnight"
    rolls: bool = False


class ClockChange(Part):
    """What happened to one clock at `at`; `due` is the due time from then on, absent while it is paused.

    `target`, `calendar` (by name and content version), `metric` and `original_due` come with `started`; `target` with
    `retargeted` too. `held_by` is the team or party that has it from then on. `level` and `whom` tell an escalation.
    `noted_at` is when we learned of the start, where that was later.
    """

    clock_id: UUID
    clock: str
    verb: Verb
    at: Instant
    due: Instant | None = None
    original_due: Instant | None = None
    metric: str | None = None
    target: TimeTarget | None = None
    calendar: str | None = None
    calendar_version: str | None = None
    held_by: str | None = None
    reason: Personal | None = None
    by: str | None = None
    level: str | None = None
    whom: str | None = None
    noted_at: Instant | None = None


class ClockMoves(Part):
    """All that one cause did to the clocks of a case. `cause` is its wire type without version, `timer` or `command`.

    `look_again_at` is when the next warning, escalation or breach of any clock of the case is due.
    """

    cause: str
    cause_id: UUID | None = None
    changes: tuple[ClockChange, ...] = ()
    look_again_at: Instant | None = None


@published("followup.clocks_moved.v1")
class ClocksMoved(CaseFact):
    """Clocks of the case were started, paused, resumed, met, breached or otherwise moved, all by one cause."""

    moves: ClockMoves


class WorkingDay(Part):
    """The working periods of a weekday (mon to sun) in local time, each as `09:00-14:00`."""

    day: str
    periods: tuple[str, ...]


@published("followup.calendar_published.v1", stream="calendar")
class CalendarPublished(Fact):
    """A calendar as clocks count in it from now on; `version` is the hash of its content, and the content stays.

    Weekdays that are not listed are free; `holidays` are dates as `2026-12-25`.
    """

    calendar_id: UUID
    calendar: str
    version: str
    zone: str
    hours: tuple[WorkingDay, ...]
    holidays: tuple[str, ...] = ()

    @property
    def stream_id(self) -> UUID:
        return self.calendar_id
