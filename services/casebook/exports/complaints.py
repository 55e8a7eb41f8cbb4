"""Complaints as regulators count them, from the facts: when one came, how it ended, what was granted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.contracts.approvals import ExceptionApproved
from shared.contracts.approvals_after import CounterAccepted
from shared.contracts.event import Fact, Recorded
from shared.contracts.followup import CaseClosed, CaseReopened, CaseResolved
from shared.contracts.intake import CaseOpened
from shared.contracts.triage import AssessmentCorrected, BoundaryStated, RequestAssessed, RequestGranted
from shared.contracts.values import Money

Ended = Literal["open", "upheld", "rejected", "other"]


@dataclass
class Complaint:
    """A case as the returns count it. `kinds` holds how each message is read now, by message."""

    case_id: UUID
    tracking_code: str = ""
    channel: str = ""
    received_at: datetime | None = None
    closed_at: datetime | None = None
    kinds: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    granted: bool = False
    refused: bool = False
    redress: list[Money] = field(default_factory=list)

    @property
    def leading_kind(self) -> str | None:
        """The kind that the first message that asks for something is read as."""
        return next((kinds[0] for kinds in self.kinds.values() if kinds), None)

    @property
    def ended(self) -> Ended:
        """How it ended: upheld as soon as anything asked for was granted (DISP 1.10.7R: partly upheld is upheld)."""
        if self.closed_at is None:
            return "open"
        return "upheld" if self.granted else "rejected" if self.refused else "other"

    def paid(self, currency: str) -> Decimal:
        """Give the redress in one currency."""
        return sum((money.amount for money in self.redress if money.currency == currency), Decimal(0))


class Complaints:
    """Gathers complaints from the facts of all logs, each log's in their order, logs in any order."""

    def __init__(self) -> None:
        self.by_case: dict[UUID, Complaint] = {}
        self._ended: dict[UUID, list[tuple[datetime, bool]]] = {}

    def add(self, events: Iterable[Recorded]) -> None:
        """Take in some events."""
        for event in events:
            if event.stream_kind == "case" and (fact := event.fact) is not None:
                self._take(event, fact)

    def of(self, kinds: frozenset[str]) -> list[Complaint]:
        """Give the cases with a request of one of these kinds, the oldest first; closed when they last closed."""
        found = []
        for case_id, complaint in self.by_case.items():
            if complaint.received_at is None or not any(kinds & {*one} for one in complaint.kinds.values()):
                continue
            closed, at = False, None
            for when, closes in sorted(self._ended.get(case_id, ())):
                if closes and not closed:
                    at = when
                closed = closes
            complaint.closed_at = at if closed else None
            found.append(complaint)
        return sorted(found, key=lambda one: (one.received_at, one.case_id))

    def _take(self, event: Recorded, fact: Fact) -> None:
        complaint = self.by_case.setdefault(event.stream_id, Complaint(event.stream_id))
        match fact:
            case CaseOpened():
                complaint.tracking_code, complaint.channel = fact.tracking_code, fact.channel
                complaint.received_at = fact.received_at
            case RequestAssessed() | AssessmentCorrected():
                complaint.kinds[fact.message_id] = fact.reading.kinds
            case BoundaryStated():
                complaint.refused = True
            case RequestGranted() | ExceptionApproved() | CounterAccepted():
                complaint.granted = True
                complaint.redress += [fact.amount] if fact.amount else []
            case CaseResolved() | CaseClosed():
                self._ended.setdefault(event.stream_id, []).append((event.recorded_at, True))
            case CaseReopened():
                self._ended.setdefault(event.stream_id, []).append((event.recorded_at, False))
            case _:
                return
