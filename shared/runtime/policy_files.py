"""Reads the business's rules from YAML files into typed values; every error names file, field, problem and fix."""

from datetime import date, time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from shared.kernel.errors import MalformedInput
from shared.kernel.worktime import Calendar

M = TypeVar("M", bound=BaseModel)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CalendarFile(BaseModel):
    """A calendar as written: `hours` by weekday (mon to sun) as lists of [start, end] local times, quoted.

    The last period of a day may run into the next one: its end is then not after its start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str
    hours: dict[str, tuple[tuple[time, time], ...]]
    holidays: frozenset[date] = frozenset()

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is no zone of the tz database; write one such as Europe/Madrid") from error
        return value

    @field_validator("hours")
    @classmethod
    def _are_periods(cls, value: dict[str, tuple[tuple[time, time], ...]]) -> dict[str, tuple[tuple[time, time], ...]]:
        for day, periods in value.items():
            if day not in WEEKDAYS:
                raise ValueError(f"{day} is no weekday; use {', '.join(WEEKDAYS)}")
            edges = [edge for period in periods for edge in period]
            if edges and edges[-1] <= edges[-2]:
                edges.pop()
            if edges != sorted(set(edges)):
                raise ValueError(f"the periods of {day} overlap or run backwards; write them in order")
        if not any(value.values()):
            raise ValueError("nobody ever works; give at least one period")
        return value


def read_policy(path: Path, model: type[M]) -> M:
    """Read a YAML file as `model`; raises MalformedInput naming the file, the first wrong field and the fix."""
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MalformedInput(
            f"cannot be read: {error.strerror}", field=str(path), fix="check the policy directory"
        ) from error
    except UnicodeDecodeError as error:
        raise MalformedInput(f"is not YAML: {error}", field=str(path)) from error
    return parse_policy(content, str(path), model)


def parse_policy(text: str, where: str, model: type[M]) -> M:
    """Read YAML text as `model`; raises MalformedInput naming `where`, the first wrong field and the fix."""
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MalformedInput(f"is not YAML: {' '.join(str(error).split())}", field=where) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inside = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise MalformedInput(
            problem, field=f"{where}: {inside}" if inside else where, fix="correct the file"
        ) from error


def read_calendar(path: Path) -> Calendar:
    """Read a working calendar; days that are not listed are free. Raises MalformedInput as `read_policy` does."""
    return calendar_of(read_policy(path, CalendarFile))


def calendar_of(written: CalendarFile) -> Calendar:
    """Give the calendar that a file writes down; days that are not listed are free."""
    return Calendar(written.zone, tuple(written.hours.get(day, ()) for day in WEEKDAYS), written.holidays)
