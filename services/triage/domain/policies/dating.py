"""Tells which of the times that are said is the day of the purchase, and which the day by which service is wanted."""

from dataclasses import replace
from datetime import date, datetime

from services.triage.domain.policies.clock import Clock
from services.triage.domain.policies.dates import Dated, deadline, purchase_day
from services.triage.domain.policies.days import Day
from services.triage.domain.policies.findings import Findings, evidence_of
from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.rulebook import AssessmentRules
from services.triage.domain.policies.times import Timed, times_said, written
from shared.contracts.said import TimeSaid

OPEN_YEAR = frozenset({"calendar", "calendar-weekday", "day-of-month", "holiday", "weekday"})


def times_of(
    words: list[Word], now: datetime, findings: Findings, rules: AssessmentRules
) -> tuple[date | None, date | None, tuple[TimeSaid, ...]]:
    """Give the day of the purchase, the deadline, and every time that is said; the two days become findings."""
    today = now.date()
    said = times_said(words, now, rules.times)
    bought, due = purchase_day(words, today, rules.dates), deadline(words, today, rules.dates)
    if bought and (same := _same(bought, said)) and same.day and same.day <= today:
        bought = replace(bought, day=same.day)
    if due is None:
        due = next((_dated(t, t.day) for t in said if t.role == "deadline" and t.day and t.day >= today), None)
    elif (same := _same(due, said)) and same.day and same.day >= today and not _bare_weekday(same):
        due = replace(due, day=same.day)
    for dated, finding, rule in (
        (bought, "fact:days_since_purchase", "purchase-day"),
        (due, "fact:deadline", "deadline"),
    ):
        if dated:
            findings.add(finding, 1.0, evidence_of(finding, words, dated.first, dated.last, rule, 1.0))
    times = tuple(_time_said(timed, words, bought, due) for timed in said)
    return bought.day if bought else None, due.day if due else None, times


def _dated(timed: Timed, day: date) -> Dated:
    return Dated(day, timed.first, timed.last)


def _same(dated: Dated, said: list[Timed]) -> Timed | None:
    """Give the time that the same words say, when it is a single day."""
    return next((t for t in said if t.day and t.first <= dated.last and dated.first <= t.last), None)


def _bare_weekday(timed: Timed) -> bool:
    """Tell whether no more than a weekday is said: as a deadline it may be today, as an appointment it is the next."""
    return isinstance(timed.said, Day) and timed.said.weekday is not None


def _time_said(timed: Timed, words: list[Word], bought: Dated | None, due: Dated | None) -> TimeSaid:
    """Write a time down; a day whose year or week was left open is the purchase's, where the same words say that."""
    kind, value = written(timed.said)
    role = timed.role
    if kind == "date" and isinstance(timed.said, Day) and bought and _overlap(timed, bought):
        value = bought.day.isoformat() if timed.said.rule in OPEN_YEAR and not timed.said.year_said else value
    if kind == "date" and due and _overlap(timed, due):
        value, role = due.day.isoformat() if _bare_weekday(timed) else value, "deadline"
    return TimeSaid(
        start=words[timed.first].start,
        end=words[timed.last].end,
        confidence=timed.said.sure,
        judged_by="clock" if isinstance(timed.said, Clock) else timed.said.rule,
        kind=kind,
        value=value,
        role=role,
    )


def _overlap(timed: Timed, dated: Dated) -> bool:
    return timed.first <= dated.last and dated.first <= timed.last
