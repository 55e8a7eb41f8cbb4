"""Regulators' returns, counted from complaints: every figure can name its cases, and the same facts give the same ones.

FCA Handbook DISP 1.10 and DISP 1 Annex 1R; ASIC Regulatory Guide 271.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.casebook.exports.complaints import Complaint
from shared.kernel.errors import MalformedInput

WEEKEND = 5


class Band(BaseModel):
    """Complaints closed within a time from receipt that no band before it holds; the last band has no end."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cell: str
    title: str
    business_days: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=1)
    weeks: int | None = Field(default=None, ge=1)


class ReturnForm(BaseModel):
    """What a return counts, as its file in policies/returns says."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str
    title: str
    zone: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    complaints: frozenset[str]
    causes: dict[str, Annotated[str, Field(pattern=r"^[a-z_]+$")]]
    bands: tuple[Band, ...] = Field(min_length=1)

    @field_validator("bands")
    @classmethod
    def _the_last_is_open(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        ends = [one.business_days or one.days or one.weeks for one in bands]
        if ends[-1] is not None or None in ends[:-1]:
            raise ValueError("only the last band has no end; give every other one business_days, days or weeks")
        return bands

    def cause(self, complaint: Complaint) -> str:
        """Give the row that a complaint is told under."""
        return self.causes.get(complaint.leading_kind or "", "other")


class Half(NamedTuple):
    """A half-year: from the first instant to the one after its last."""

    name: str
    start: datetime
    end: datetime


class Cell(NamedTuple):
    """A figure of the return: its name, what it counts, its value, and the complaints behind it."""

    name: str
    title: str
    value: Decimal
    complaints: tuple[Complaint, ...]


def half_year(written: str, zone: str) -> Half:
    """Read a half-year such as 2026H1, in a zone; raises MalformedInput for anything else."""
    year, half = written[:4], written[4:]
    if not (year.isascii() and year.isdigit() and half in ("H1", "H2") and int(year) >= 1):
        raise MalformedInput(f"{written!r} is no half-year", field="half", fix="write it as 2026H1")
    first = 1 if half == "H1" else 7
    start = datetime(int(year), first, 1, tzinfo=ZoneInfo(zone))
    end = datetime(int(year) + (half == "H2"), 7 if half == "H1" else 1, 1, tzinfo=ZoneInfo(zone))
    return Half(written, start.astimezone(UTC), end.astimezone(UTC))


def count(form: ReturnForm, half: Half, complaints: Sequence[Complaint]) -> list[Cell]:
    """Count the return of a half-year, all of it and by cause."""
    cells = list(_counted(form, half, complaints, ""))
    for cause in sorted({form.cause(one) for one in complaints}):
        own = [one for one in complaints if form.cause(one) == cause]
        cells += _counted(form, half, own, f"{cause}.")
    return cells


def _counted(form: ReturnForm, half: Half, complaints: Sequence[Complaint], prefix: str) -> Iterator[Cell]:
    def within(at: datetime | None) -> bool:
        return at is not None and half.start <= at < half.end

    def cell(name: str, title: str, found: list[Complaint], value: Decimal | None = None) -> Cell:
        told = Decimal(len(found)) if value is None else value
        return Cell(f"{prefix}{name}", title, told, tuple(found))

    opened = [one for one in complaints if within(one.received_at)]
    closed = [one for one in complaints if within(one.closed_at)]
    yield cell("outstanding_start", "Outstanding at the start", _outstanding(complaints, half.start))
    yield cell("opened", "Opened", opened)
    yield cell("closed", "Closed", closed)
    left = closed
    for band in form.bands:
        inside = [one for one in left if _inside(one, band, form.zone)]
        left = [one for one in left if one not in inside]
        yield cell(band.cell, band.title, inside)
    yield cell("upheld", "Upheld, in whole or in part", [one for one in closed if one.ended == "upheld"])
    yield cell("rejected", "Rejected", [one for one in closed if one.ended == "rejected"])
    yield cell("neither", "Closed without a decision", [one for one in closed if one.ended == "other"])
    paid = [one for one in closed if one.paid(form.currency)]
    total = sum((one.paid(form.currency) for one in paid), Decimal(0))
    yield cell("redress", f"Redress granted, {form.currency}", paid, total)
    yield cell("outstanding_end", "Outstanding at the end", _outstanding(complaints, half.end))


def rows(form: ReturnForm, half: Half, complaints: Sequence[Complaint]) -> Iterator[dict[str, Any]]:
    """Give one row for each complaint that was open at any time of the half-year."""
    for one in complaints:
        if one.received_at is None or one.received_at >= half.end or (one.closed_at and one.closed_at < half.start):
            continue
        closed = one.closed_at if one.closed_at and one.closed_at < half.end else None
        yield {
            "complaint": one.tracking_code,
            "case_id": str(one.case_id),
            "received": _day(one.received_at, form.zone).isoformat(),
            "channel": one.channel,
            "issue": form.cause(one),
            "kind": one.leading_kind or "",
            "status": "closed" if closed else "open",
            "closed": _day(closed, form.zone).isoformat() if closed else "",
            "days": str((_day(closed, form.zone) - _day(one.received_at, form.zone)).days) if closed else "",
            "outcome": one.ended if closed else "",
            "compensation": str(one.paid(form.currency)) if closed else "",
            "currency": form.currency,
        }


def _outstanding(complaints: Sequence[Complaint], at: datetime) -> list[Complaint]:
    return [
        one
        for one in complaints
        if one.received_at and one.received_at < at and (one.closed_at is None or one.closed_at >= at)
    ]


def _inside(complaint: Complaint, band: Band, zone: str) -> bool:
    if complaint.received_at is None or complaint.closed_at is None:
        return False
    received, closed = _day(complaint.received_at, zone), _day(complaint.closed_at, zone)
    if band.business_days is not None:
        return closed <= after_business_days(received, band.business_days)
    days = band.days or (band.weeks or 0) * 7
    return closed <= received + timedelta(days=days) if days else True


def after_business_days(day: date, days: int) -> date:
    """Give the day that many business days (Monday to Friday) after a day."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < WEEKEND
    return day


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
