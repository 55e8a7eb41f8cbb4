"""What followup can be asked to do. Commands that follow from other services' facts carry when those happened."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.followup_clocks import CalendarPublished, TimeTarget
from shared.contracts.values import Backing


@dataclass(frozen=True, slots=True)
class OfCase:
    """What every command says: which case it is about, and when (for a reaction: when its cause was recorded).

    `cause` is the event that a reaction follows from.
    """

    case_id: UUID
    now: datetime
    cause: UUID | None = field(default=None, kw_only=True)

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class TakeUpCase(OfCase):
    """It became known whose case this is, over which channel it came in, and when the customer wrote."""

    customer_id: UUID
    channel: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HearMessage(OfCase):
    """The customer said something; triage has yet to read it, or has already."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class HearOurselves(OfCase):
    """We said something to the customer: `said_by` is who, `purpose` what for, as in MessageSent."""

    message_id: UUID
    said_at: datetime
    said_by: str
    purpose: str
    channel: str
    text: str
    second_transcript: str | None = None


@dataclass(frozen=True, slots=True)
class ReadMessage(OfCase):
    """Triage read a message: `asks` for something, `settled` when it says whether the matter is.

    `said_at` is when the customer said it, `heard` the event by which intake recorded it.
    """

    message_id: UUID
    asks: bool
    language: str
    settled: bool | None = None
    corrected: bool = False
    kinds: tuple[str, ...] = ()
    said_at: datetime | None = None
    heard: UUID | None = None


@dataclass(frozen=True, slots=True)
class Debt:
    """What an answer makes us owe the customer, and within how many working days (None: the usual time)."""

    promise_id: UUID
    what: str
    made_by: str
    working_days: int | None = None


@dataclass(frozen=True, slots=True)
class NoteMatter(OfCase):
    """Another service answered a request or left it open; `outcome` as in MatterNoted."""

    matter_id: UUID
    request_id: UUID
    outcome: str
    backing: Backing | None = None
    debt: Debt | None = None


@dataclass(frozen=True, slots=True)
class ByPerson(OfCase):
    """What people's commands add: who asks, from the token."""

    actor: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MakePromise(ByPerson):
    """Promise something; `due` None takes the usual time for its backing."""

    promise_id: UUID
    what: str
    backing: Backing
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConfirmFoundPromise(ByPerson):
    """What was found in our words is a promise, and this backs it; `due` None takes the time that was said."""

    promise_id: UUID
    backing: Backing
    due: datetime | None = None
    what: str | None = None


@dataclass(frozen=True, slots=True)
class DismissFoundPromise(ByPerson):
    """What was found in our words is no promise, or none that we owe."""

    promise_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class KeepPromise(ByPerson):
    """Say that a promise is kept, since `kept_at` (None: now), and how one can see it."""

    promise_id: UUID
    evidence: str
    kept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RenegotiatePromise(ByPerson):
    """The customer agreed to another due time."""

    promise_id: UUID
    due: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ReleasePromise(ByPerson):
    """The customer no longer holds us to a promise."""

    promise_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ResolveCase(ByPerson):
    """A person says how the matter was answered."""

    how: str


@dataclass(frozen=True, slots=True)
class NoteReflection(ByPerson):
    """An agent says what a case has taught, and by which clause, if it is about one."""

    reflection_id: UUID
    what_helped: str
    what_should_change: str | None = None
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class LetTimePass(OfCase):
    """A timer fired: everything of the case that is due at `now` happens."""


@dataclass(frozen=True, slots=True)
class EndErased(OfCase):
    """The customer of the case was erased: nobody is left to whom anything is owed."""


@dataclass(frozen=True, slots=True)
class PauseClock(ByPerson):
    """Let a clock (by name) stand still, with the reason, and who has the case meanwhile."""

    clock: str
    reason: str
    held_by: str


@dataclass(frozen=True, slots=True)
class ResumeClock(ByPerson):
    """Let a clock (by name) run again."""

    clock: str
    reason: str


@dataclass(frozen=True, slots=True)
class RetargetClock(ByPerson):
    """Give a clock (by name) another target; what has passed and was paused counts as before."""

    clock: str
    target: TimeTarget
    reason: str


@dataclass(frozen=True, slots=True)
class PublishCalendar:
    """Pin a calendar's content under its version."""

    calendar: CalendarPublished
    now: datetime

    @property
    def stream_id(self) -> UUID:
        return self.calendar.calendar_id


ClockCommand = PauseClock | ResumeClock | RetargetClock
FoundCommand = ConfirmFoundPromise | DismissFoundPromise
PromiseCommand = KeepPromise | RenegotiatePromise | ReleasePromise
PersonsCommand = MakePromise | FoundCommand | PromiseCommand | ResolveCase | NoteReflection
CaseCommand = (
    TakeUpCase | HearMessage | HearOurselves | ReadMessage | NoteMatter | PersonsCommand | LetTimePass | EndErased
)
Command = CaseCommand | ClockCommand | PublishCalendar
