"""`retention.yaml`: what must be kept for how long, by which law, and who may hold or erase a customer's data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.domain.commands.privacy import KeptCase
from services.intake.domain.policies.days import months_after
from shared.kernel.worktime import Calendar

Attribute = Literal["country", "entity", "product", "channel", "regulated"]


class Keep(BaseModel):
    """How long, as exactly one of years, months and days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    years: int = Field(default=0, ge=0, le=100)
    months: int = Field(default=0, ge=0, le=1200)
    days: int = Field(default=0, ge=0, le=36_500)

    @model_validator(mode="after")
    def _is_one(self) -> "Keep":
        if sum(value > 0 for value in (self.years, self.months, self.days)) != 1:
            raise ValueError("give one of years, months and days")
        return self

    def after(self, day: date) -> date:
        """Give the day on which a time that began on `day` is over."""
        if self.days:
            return day + timedelta(days=self.days)
        return months_after(day, self.years * 12 + self.months)


class Schedule(BaseModel):
    """One duty to keep: it holds for cases whose attributes all have one of the values in `when`.

    It runs from the `receipt` of the case's first message, of the `last_receipt`, or from the end of that year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    jurisdiction: str = Field(min_length=1)
    category: str = Field(min_length=1)
    keep: Keep
    runs_from: Literal["receipt", "last_receipt", "end_of_year"] = "receipt"
    law: str = Field(min_length=1)
    when: Mapping[Attribute, tuple[str, ...]] = Field(min_length=1)


class WhoMay(BaseModel):
    """The roles that may place and release holds, ask for an erasure, and approve one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hold: tuple[str, ...] = Field(min_length=1)
    ask: tuple[str, ...] = Field(min_length=1)
    approve: tuple[str, ...] = Field(min_length=1)


class RetentionRules(BaseModel):
    """All schedules, with what the business is (see regimes/default.yaml).

    `no_longer_needed` is after which time without a message, in cases that are all closed, a customer's data has
    served its purpose; with `erase_when_due` it is then erased without being asked for. `open_cases` says whether a
    case that is not closed stands against an erasure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1)
    roles: WhoMay
    no_longer_needed: Keep
    erase_when_due: bool = False
    open_cases: Literal["keep", "erase"] = "keep"
    schedules: tuple[Schedule, ...] = ()
    business: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_each_once(self) -> "RetentionRules":
        ids = [schedule.id for schedule in self.schedules]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"schedules: {twice[0]} is there twice")
        return self


@dataclass(frozen=True, slots=True)
class Duty:
    """A case must be kept by a schedule until the day before `until`."""

    case: KeptCase
    schedule: Schedule
    until: date


def duties(cases: Iterable[KeptCase], rules: RetentionRules, calendar: Calendar, today: date) -> list[Duty]:
    """Give the duties to keep that run today, the longest first."""
    found = [
        Duty(case, schedule, until)
        for case in cases
        for schedule in rules.schedules
        if _holds(schedule, case, rules.business) and (until := kept_until(schedule, case, calendar)) > today
    ]
    return sorted(found, key=lambda duty: (duty.until, duty.schedule.id), reverse=True)


def kept_until(schedule: Schedule, case: KeptCase, calendar: Calendar) -> date:
    """Give the first day on which a schedule no longer asks that a case be kept."""
    day = calendar.local_date(case.last_at if schedule.runs_from == "last_receipt" else case.received_at)
    if schedule.runs_from == "end_of_year":
        day = date(day.year + 1, 1, 1)
    return schedule.keep.after(day)


def served_on(cases: Sequence[KeptCase], rules: RetentionRules, calendar: Calendar) -> date | None:
    """Give the day on which a customer's data has served its purpose; None while a case is open or there is none."""
    if not cases or not all(case.closed for case in cases):
        return None
    return rules.no_longer_needed.after(max(calendar.local_date(case.last_at) for case in cases))


def _holds(schedule: Schedule, case: KeptCase, business: Mapping[str, str]) -> bool:
    has: dict[str, tuple[str, ...]] = {name: (value,) for name, value in business.items()}
    has["channel"] = case.channels
    has["regulated"] = (case.regulated,) if case.regulated else ()
    return all(set(values) & set(has.get(attribute, ())) for attribute, values in schedule.when.items())
