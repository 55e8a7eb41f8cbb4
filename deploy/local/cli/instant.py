"""Instants of the past as people write them, and the options that take one."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer

from deploy.local.errors import UsageError

FORMS = "a date and time with a zone, a date (its end, UTC), '2h ago', 'yesterday 17:00' (UTC) or now"
FIX = f"Write {FORMS}; such as 2026-11-24T09:30:00Z."
AGO = re.compile(r"(\d+)\s*(s|m|min|h|d|w|seconds?|minutes?|hours?|days?|weeks?) ago")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
OF_DAY = re.compile(r"(today|yesterday) (\d{1,2}:\d{2}(?::\d{2})?)")

AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="INSTANT", help=f"As known at that time: {FORMS}.", show_default=False)
]


def read_instant(written: str, option: str, now: datetime | None = None) -> datetime:
    """Read an instant that has passed, in UTC; UsageError that names the option for any other."""
    present = now or datetime.now(UTC)
    found = _read(written.strip(), present)
    if found is None:
        raise UsageError(f"{option}: {written!r} is no instant", FIX)
    if found.tzinfo is None:
        raise UsageError(f"{option}: {written!r} has no zone, so it names no instant", "Write Z at its end for UTC.")
    if found > present:
        raise UsageError(f"{option}: {written} is yet to come", "Name an instant that has passed, or leave it out.")
    return found.astimezone(UTC)


def asked(as_of: str | None, as_effective_at: str | None = None) -> dict[str, str]:
    """Give the parameters that a service is asked with, of the options as they were written."""
    written = {"as_of": as_of, "as_effective_at": as_effective_at}
    return {
        name: read_instant(text, f"--{name.replace('_', '-')}").isoformat()
        for name, text in written.items()
        if text is not None
    }


def read_range(written: str) -> tuple[datetime | None, datetime | None]:
    """Read A..B of --diff; a side that is left out is None."""
    before, dots, after = written.partition("..")
    if not dots:
        raise UsageError(f"--diff: {written!r} is no range", "Write two instants with .. between them: 2h ago..now")
    earlier, later = (read_instant(side, "--diff") if side.strip() else None for side in (before, after))
    if earlier and later and earlier >= later:
        raise UsageError(f"--diff: {before} does not come before {after}", "Write the earlier instant first.")
    return earlier, later


def _read(written: str, now: datetime) -> datetime | None:
    if written == "now":
        return now
    if ago := AGO.fullmatch(written):
        try:
            return now - timedelta(**{UNITS[ago[2][0]]: int(ago[1])})
        except OverflowError:
            return None
    if of_day := OF_DAY.fullmatch(written):
        day = now.date() - timedelta(days=of_day[1] == "yesterday")
        return _combined(day.isoformat(), of_day[2])
    try:
        if len(written) == len("2026-11-24"):
            end = datetime.combine(datetime.fromisoformat(written).date(), time.max, UTC)
            return min(end, now) if end.date() == now.date() else end
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _combined(day: str, clock: str) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{day}T{clock.zfill(5)}+00:00")
    except ValueError:
        return None


def note(past: Mapping[str, str]) -> str | None:
    """Give the line that tells which past is shown; None for the present."""
    said = {"as_of": "as known at", "as_effective_at": "as effective at"}
    return "; ".join(f"{said[name]} {at}" for name, at in past.items()) or None
