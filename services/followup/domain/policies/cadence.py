"""The pace of follow-up: how long things may take, in working time, and the instants that follow."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.followup.domain.policies.clock_rules import NO_CLOCKS, ClockRules
from services.followup.domain.policies.said_promises import Ear
from shared.kernel.worktime import Calendar


class PromiseDays(BaseModel):
    """How many working days a promise may take when nobody says otherwise, by what it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clause: int = Field(ge=0, le=365)
    decision: int = Field(ge=0, le=365)


class Cadence(BaseModel):
    """The cadence file; days are working days of the calendar it names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1)
    calendar: str
    promise_working_days: PromiseDays
    at_risk_lead_hours: float = Field(gt=0, le=1000)
    quiet_working_days: int = Field(ge=1, le=365)
    check_in_after_working_days: int = Field(ge=0, le=365)
    close_after_working_days: int = Field(ge=1, le=365)

    @model_validator(mode="after")
    def _asks_before_it_closes(self) -> "Cadence":
        if self.check_in_after_working_days >= self.close_after_working_days:
            raise ValueError("close_after_working_days must be more than check_in_after_working_days; raise it")
        return self


@dataclass(frozen=True, slots=True)
class FollowupRules:
    """The cadence in force, the calendar that it counts in, the clocks beside it, and how promises sound."""

    cadence: Cadence
    calendar: Calendar
    clocks: ClockRules = NO_CLOCKS
    ears: tuple[Ear, ...] = ()
    calendar_name: str = ""
    calendar_version: str = ""

    def promise_due(self, made: datetime, backing: Literal["clause", "decision"], working_days: int | None) -> datetime:
        """Give when a promise made then falls due: after `working_days`, else after the usual time for its backing."""
        usual = self.cadence.promise_working_days
        days = (usual.clause if backing == "clause" else usual.decision) if working_days is None else working_days
        return self.calendar.add_days(made, days)

    def at_risk_from(self, made: datetime, due: datetime) -> datetime:
        """Give when a promise that is still open counts as at risk: the lead before due, at most half its time."""
        lead = timedelta(hours=self.cadence.at_risk_lead_hours)
        return max(due - lead, made + (due - made) / 2)

    def quiet_until(self, since: datetime) -> datetime:
        """Give when a matter counts as settled that nobody has said anything on since."""
        return self.calendar.add_days(since, self.cadence.quiet_working_days)

    def check_in_due(self, resolved: datetime) -> datetime:
        """Give when the customer is asked whether it is settled."""
        return self.calendar.add_days(resolved, self.cadence.check_in_after_working_days)

    def closes_at(self, resolved: datetime) -> datetime:
        """Give when a resolved case closes."""
        return self.calendar.add_days(resolved, self.cadence.close_after_working_days)
