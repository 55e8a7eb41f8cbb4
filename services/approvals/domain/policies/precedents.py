"""Which decided exceptions are like one that waits, how like, and in what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from services.approvals.domain.policies.authority import cited
from shared.contracts.approvals_after import Precedent
from shared.contracts.values import ClauseRef, Money

SHOWN = 5
# What an exception is about counts for more than what it is worth; facts that nobody knows count neither way.
CLAUSE, KIND, AMOUNT, FACTS = 40, 25, 20, 15
SAME_POLICY = 10


@dataclass(frozen=True, slots=True)
class Like:
    """What exceptions are compared by; `amount` is the one proposed, `facts` by name."""

    clause: ClauseRef
    kind: str
    amount: Money | None = None
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided exception: what it was about, what was decided by whom, with which role, when and why.

    `outcome` is approved, rejected or countered.
    """

    exception_id: UUID
    case_id: UUID
    about: Like
    deviation: str
    outcome: str
    decided_at: datetime
    decided_by: tuple[str, ...]
    role: str
    note: str
    granted: Money | None = None
    on_behalf_of: str | None = None
    precedents_seen: bool | None = None


class Likeness(NamedTuple):
    """How like two exceptions are, 0 to 1, and in what, in words."""

    score: float
    alike_in: tuple[str, ...]


def nearest(exception_id: UUID, about: Like, decided: Iterable[Decided], k: int = SHOWN) -> tuple[Precedent, ...]:
    """Give at most `k` decided exceptions from the same clause or of the same kind, the most alike first.

    Of equally alike ones the newer comes first. The exception itself is never among them.
    """
    related = [
        (likeness(about, one.about), one)
        for one in decided
        if one.exception_id != exception_id and (_same_clause(about, one.about) or one.about.kind == about.kind)
    ]
    related.sort(key=lambda pair: (-pair[0].score, -pair[1].decided_at.timestamp(), pair[1].exception_id))
    return tuple(_precedent(one, like) for like, one in related[:k])


def without_words(shown: tuple[Precedent, ...]) -> tuple[Precedent, ...]:
    """Give precedents as they are put on record: which ones, and how alike.

    Their words are about other customers and stay in those customers' cases alone, where they can be erased.
    """
    return tuple(one.model_copy(update={"deviation": "", "note": ""}) for one in shown)


def likeness(one: Like, other: Like) -> Likeness:
    """Compare two exceptions by clause, kind, amount and facts; the same both ways round."""
    points, out_of, said = 0.0, float(CLAUSE + KIND), []
    if _same_clause(one, other):
        points += CLAUSE
        said.append(f"the same clause {cited(one.clause)}")
    elif one.clause.policy == other.clause.policy:
        points += SAME_POLICY
        said.append(f"the same policy {one.clause.policy}")
    if one.kind == other.kind:
        points += KIND
        said.append(f"the same kind {one.kind}")
    ratio = amount_ratio(one.amount, other.amount)
    if ratio is not None:
        out_of += AMOUNT
        points += AMOUNT * ratio
        if ratio > 0:
            said.append(f"amounts {' and '.join(_amounts(one.amount, other.amount))}")
    known = sorted(one.facts.keys() & other.facts.keys())
    if known:
        same = [name for name in known if one.facts[name] == other.facts[name]]
        out_of += FACTS
        points += FACTS * len(same) / len(known)
        if same:
            said.append(f"the same {', '.join(name.replace('_', ' ') for name in same)}")
    return Likeness(round(points / out_of, 4), tuple(said))


def amount_ratio(one: Money | None, other: Money | None) -> float | None:
    """Give the smaller part of the larger, 0 to 1; 0 where only one is known or currencies differ, None for neither."""
    if one is None and other is None:
        return None
    if one is None or other is None or one.currency != other.currency:
        return 0.0
    larger = max(one.amount, other.amount)
    return 1.0 if larger == 0 else float(min(one.amount, other.amount) / larger)


def _same_clause(one: Like, other: Like) -> bool:
    return cited(one.clause) == cited(other.clause)


def _amounts(*amounts: Money | None) -> Sequence[str]:
    """Give amounts in ascending order, so that a comparison reads the same both ways round."""
    known = sorted((amount for amount in amounts if amount is not None), key=_size)
    return [f"{one.amount} {one.currency}" for one in known]


def _size(amount: Money) -> Decimal:
    return amount.amount


def _precedent(one: Decided, like: Likeness) -> Precedent:
    return Precedent(
        exception_id=one.exception_id,
        case_id=one.case_id,
        clause=one.about.clause,
        kind=one.about.kind,
        deviation=one.deviation,
        outcome=one.outcome,
        decided_at=one.decided_at,
        decided_by=one.decided_by,
        role=one.role,
        note=one.note,
        similarity=like.score,
        alike_in=like.alike_in,
        amount=one.about.amount,
        granted=one.granted,
    )
