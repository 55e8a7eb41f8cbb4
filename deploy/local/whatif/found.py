"""What a draft changes: which outcomes, in which cases, and for how much money."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Change:
    """One request, exception or promise with another outcome: before and after, by which clause or rule, how much."""

    case_id: UUID
    about: UUID
    recorded_at: str
    kind: str
    before: str
    after: str
    clause_before: str = ""
    clause_after: str = ""
    amount: Decimal | None = None
    currency: str | None = None


@dataclass
class Found:
    """What came of one run: how many were judged, how many different questions they were, changes, and those left."""

    judged: int = 0
    questions: int = 0
    changes: list[Change] = field(default_factory=list)
    not_judged: list[tuple[UUID, str]] = field(default_factory=list)  # the case, and why

    def add(self, other: "Found") -> None:
        """Take in what another run found."""
        self.judged += other.judged
        self.questions += other.questions
        self.changes += other.changes
        self.not_judged += other.not_judged


def summary(found: Found, seconds: float) -> dict[str, Any]:
    """Give it as JSON has it: counts and money by before and after, then the changes, the oldest first."""
    changes = sorted(found.changes, key=lambda change: (change.recorded_at, str(change.about)))
    return {
        "judged": found.judged,
        "questions": found.questions,
        "seconds": round(seconds, 2),
        "per_second": round(found.judged / seconds) if seconds else 0,
        "changed": len(changes),
        "cases_changed": len({change.case_id for change in changes}),
        "counts": _counts(changes),
        "changes": [_plain(change) for change in changes],
        "not_judged": [{"case_id": str(case), "why": why} for case, why in sorted(found.not_judged)],
    }


def _counts(changes: Iterable[Change]) -> list[dict[str, Any]]:
    numbers = Counter[tuple[str, str]]()
    money: dict[tuple[str, str], dict[str, Decimal]] = {}
    for change in changes:
        pair = change.before, change.after
        numbers[pair] += 1
        if change.amount is not None and change.currency is not None:
            sums = money.setdefault(pair, {})
            sums[change.currency] = sums.get(change.currency, Decimal(0)) + change.amount
    return [
        {"before": before, "after": after, "number": number, "money": {c: str(s) for c, s in sorted(sums.items())}}
        for (before, after), number in numbers.most_common()
        for sums in [money.get((before, after), {})]
    ]


def _plain(change: Change) -> dict[str, Any]:
    return {name: None if value is None else str(value) for name, value in asdict(change).items()}
