"""What customers are told when more of them wait than can be answered in time."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.domain.commands import NoteLoad
from services.intake.domain.state import IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake_surge import Surge, SurgeBegan, SurgeEnded
from shared.kernel.worktime import Calendar


class SurgeRules(BaseModel):
    """surge.yaml: capacity, from when on it is a surge, and who is told the usual time all the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    answers_an_hour: int = Field(ge=1)
    begins_at: int = Field(ge=1)
    ends_at: int = Field(ge=0)
    first_channels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ends_below_its_beginning(self) -> "SurgeRules":
        if self.ends_at >= self.begins_at:
            raise ValueError("ends_at must be below begins_at; else a surge would begin and end at every case")
        return self


def honest_due(now: datetime, usual: datetime, surge: Surge | None, calendar: Calendar) -> datetime:
    """Give by when a customer can be answered: the usual time, or the end of the day on which the backlog is done."""
    if surge is None:
        return usual
    done = calendar.add_time(now, timedelta(hours=surge.backlog / surge.answers_an_hour))
    return max(usual, calendar.add_days(done, 0))


def surge_for(channel: str, surging: bool, backlog: int, first: bool, rules: SurgeRules) -> Surge | None:
    """Give what a new case is told by, None for the usual time: no surge, or a customer who comes first."""
    if not surging or first or channel in rules.first_channels:
        return None
    return Surge(backlog=backlog, answers_an_hour=rules.answers_an_hour)


def note_load(command: NoteLoad, state: IntakeState, rules: SurgeRules) -> list[Fact]:
    """Give the fact that a surge begins or ends at this backlog; none while it goes on, or does not begin."""
    if not state.surging and command.backlog >= rules.begins_at:
        return [SurgeBegan(backlog=command.backlog, answers_an_hour=rules.answers_an_hour)]
    if state.surging and command.backlog <= rules.ends_at:
        return [SurgeEnded(backlog=command.backlog, answers_an_hour=rules.answers_an_hour)]
    return []
