"""Decides which of the facts said may be relied on, and gives each request the facts that were said with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from services.triage.domain.policies.findings import Findings
from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.requests import Request
from services.triage.domain.policies.rulebook import AssessmentRules
from shared.contracts.said import AmountSaid, AskedFor, Doubt, Found, Reference, TimeSaid
from shared.contracts.triage import Evidence
from shared.contracts.values import Money

F = TypeVar("F", bound=Found)
ORDERS = ("order", "reservation")
UNRELIABLE = 0.3
HEARD_TWICE = 0.6
TELLING = ("fact:amount", "fact:date", "fact:number", "negation")


@dataclass(frozen=True, slots=True)
class Stated:
    """The facts of a message as they were said, before doubts are counted."""

    amounts: tuple[AmountSaid, ...]
    references: tuple[Reference, ...]
    times: tuple[TimeSaid, ...]
    deadline: date | None
    days_since_purchase: int | None
    requests: tuple[Request, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Relied:
    """The facts that may be relied on, the requests with their own, and how sure the reading is as a whole."""

    amounts: tuple[AmountSaid, ...]
    references: tuple[Reference, ...]
    times: tuple[TimeSaid, ...]
    amount: Money | None
    order: str | None
    deadline: date | None
    days_since_purchase: int | None
    requests: tuple[AskedFor, ...]
    doubts: tuple[Doubt, ...]
    confidence: float


def rely(
    stated: Stated,
    findings: Findings,
    words: list[Word],
    kinds: tuple[str, ...],
    remedy: str | None,
    confidence: float,
    by: str,
    rules: AssessmentRules,
) -> Relied:
    """Weigh the facts: a value that a second transcript hears otherwise stays visible, but nothing rests on it."""
    amounts, times, refs = (
        _doubted(stated.amounts, stated),
        _doubted(stated.times, stated),
        _doubted(stated.references, stated),
    )
    sure_amounts = [a for a in amounts if a.confidence > UNRELIABLE]
    amount = _nearest(sure_amounts, findings, remedy)
    order = next((r for r in refs if r.kind in ORDERS and r.confidence > UNRELIABLE), None)
    if amount:
        findings.add("fact:amount", 1.0, _fact("fact:amount", amount))
    if order:
        findings.add("fact:order", 1.0, _fact("fact:order", order))
    shaken = any(d.finding in TELLING for d in stated.doubts)
    deadline, days = stated.deadline, stated.days_since_purchase
    if shaken:
        confidence = round(confidence * HEARD_TWICE, 3)
        deadline = None if _heard_otherwise(findings, "fact:deadline", stated) else deadline
        days = None if _heard_otherwise(findings, "fact:days_since_purchase", stated) else days
    whole = Relied(
        amounts=amounts,
        references=refs,
        times=times,
        amount=amount.money if amount else None,
        order=order.value if order else None,
        deadline=deadline,
        days_since_purchase=days,
        requests=(),
        doubts=stated.doubts,
        confidence=confidence,
    )
    if not kinds or not words:
        return whole
    if not stated.requests:
        only = AskedFor(
            start=words[0].start,
            end=words[-1].end,
            confidence=confidence,
            judged_by=by,
            kind=kinds[0],
            kinds=kinds,
            remedy=remedy,
            amount=whole.amount,
            order=whole.order,
            deadline=deadline.isoformat() if deadline else None,
        )
        return replace(whole, requests=(only,))
    said_at = next((e.start for e in findings.evidence.values() if e.finding == f"remedy:{remedy}"), -1)
    requests = _with_leading(stated.requests, kinds, remedy, (words, said_at), rules)
    return replace(whole, requests=tuple(_asked(r, words, whole, by, HEARD_TWICE if shaken else 1.0) for r in requests))


def _with_leading(
    requests: tuple[Request, ...],
    kinds: tuple[str, ...],
    remedy: str | None,
    where: tuple[list[Word], int],
    rules: AssessmentRules,
) -> tuple[Request, ...]:
    """Make sure that one request carries the leading kind and remedy of the message, which the model may have found.

    `where` are the words, and the place of those that name the remedy.
    """
    words, place = where
    if remedy and all(request.remedy != remedy for request in requests):
        requests = tuple(
            replace(r, remedy=remedy) if r.remedy is None and words[r.first].start <= place < words[r.last].end else r
            for r in requests
        )
    if any(kinds[0] in request.kinds for request in requests):
        return requests
    at = next((n for n, request in enumerate(requests) if request.remedy == remedy), 0)
    firm = tuple(k for k in requests[at].kinds if k not in rules.outline.weak_kinds)
    return (*requests[:at], replace(requests[at], kinds=(kinds[0], *firm)), *requests[at + 1 :])


def _asked(request: Request, words: list[Word], whole: Relied, by: str, share: float) -> AskedFor:
    start, end = words[request.first].start, words[request.last].end
    amounts = [a for a in whole.amounts if start <= a.start < end and a.confidence > UNRELIABLE]
    before = [r for r in whole.references if r.kind in ORDERS and r.start < end and r.confidence > UNRELIABLE]
    own = next((r for r in before if r.start >= start), before[-1] if before else None)
    due = next((t for t in whole.times if start <= t.start < end and t.role == "deadline" and t.kind == "date"), None)
    return AskedFor(
        start=start,
        end=end,
        confidence=round(request.confidence * share, 3),
        judged_by=by,
        kind=request.kinds[0],
        kinds=request.kinds,
        remedy=request.remedy,
        amount=amounts[0].money if amounts else None,
        order=own.value if own else None,
        deadline=due.value if due and due.confidence > UNRELIABLE else None,
    )


def _doubted(found: tuple[F, ...], stated: Stated) -> tuple[F, ...]:
    if not stated.doubts:
        return found
    return tuple(
        f.model_copy(update={"confidence": min(f.confidence, UNRELIABLE)})
        if _touched(f.start, f.end, stated.doubts)
        else f
        for f in found
    )


def _touched(start: int, end: int, doubts: Sequence[Doubt]) -> bool:
    return any(d.start < end and start < d.end for d in doubts)


def _heard_otherwise(findings: Findings, finding: str, stated: Stated) -> bool:
    return any(e.finding == finding and _touched(e.start, e.end, stated.doubts) for e in findings.evidence.values())


def _nearest(amounts: list[AmountSaid], findings: Findings, remedy: str | None) -> AmountSaid | None:
    """Give the amount nearest to the words that name the remedy, else the first."""
    anchor = next((e.start for e in findings.evidence.values() if e.finding == f"remedy:{remedy}"), 0)
    return min(amounts, key=lambda a: abs(a.start - anchor), default=None)


def _fact(finding: str, found: Found) -> Evidence:
    return Evidence(
        finding=finding, start=found.start, end=found.end, rule=found.judged_by, confidence=found.confidence
    )
