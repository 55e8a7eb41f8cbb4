"""Like exceptions that were decided differently: which, by whom, and in what they differ."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from services.approvals.domain.policies.authority import cited
from services.approvals.domain.policies.precedents import Decided, likeness

FACTOR = Decimal(2)


class Unlike(NamedTuple):
    """Like exceptions with different outcomes. `alike` is the likeness, 0 to 1, of the two that are most alike.

    `differs_in` has, by name, what is not the same in all of them: each value that occurs, in the order of `decisions`
    (oldest first).
    """

    alike: float
    decisions: tuple[Decided, ...]
    differs_in: dict[str, tuple[str, ...]]


def decided_differently(decided: Iterable[Decided], factor: Decimal = FACTOR) -> list[Unlike]:
    """Give groups of exceptions that are like each other and were not decided alike, the most alike group first.

    Two are like each other with the same clause, kind and role that decided, and amounts in one currency within
    `factor` of each other, or no amounts. A group joins all that are like another of it with a different outcome.
    """
    groups = [group for bucket in _buckets(decided) for group in _joined(bucket, factor)]
    return sorted(groups, key=lambda group: (-group.alike, group.decisions[0].decided_at, group.decisions[0].case_id))


def within_factor(one: Decided, other: Decided, factor: Decimal) -> bool:
    """Tell whether two amounts are within a factor of each other; two unknown ones are, one unknown one is not."""
    first, second = one.about.amount, other.about.amount
    if first is None or second is None:
        return first is second
    low, high = sorted((first.amount, second.amount))
    return first.currency == second.currency and high <= low * factor


def _buckets(decided: Iterable[Decided]) -> Iterator[list[Decided]]:
    buckets: defaultdict[tuple[str, ...], list[Decided]] = defaultdict(list)
    for one in decided:
        currency = one.about.amount.currency if one.about.amount else ""
        buckets[cited(one.about.clause), one.about.kind, one.role, currency].append(one)
    for bucket in buckets.values():
        if len({one.outcome for one in bucket}) > 1:
            yield sorted(bucket, key=_amount)


def _joined(bucket: Sequence[Decided], factor: Decimal) -> Iterator[Unlike]:
    """Join those within the factor that have different outcomes; the bucket is sorted by amount."""
    leader = list(range(len(bucket)))
    best: dict[int, float] = {}

    def led(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    for first, one in enumerate(bucket):
        for second in range(first + 1, len(bucket)):
            other = bucket[second]
            if not within_factor(one, other, factor):
                break
            if one.outcome == other.outcome:
                continue
            low, high = sorted((led(first), led(second)))
            leader[high] = low
            alike = likeness(one.about, other.about).score
            best[low] = max(best.pop(high, 0.0), best.get(low, 0.0), alike)
    members: defaultdict[int, list[Decided]] = defaultdict(list)
    for number, one in enumerate(bucket):
        members[led(number)].append(one)
    for number, group in members.items():
        if len(group) > 1:
            yield _unlike(best[number], sorted(group, key=lambda one: (one.decided_at, one.exception_id)))


def _unlike(alike: float, group: Sequence[Decided]) -> Unlike:
    rows = [_compared(one) for one in group]
    names = dict.fromkeys(name for row in rows for name in row)
    differs = {name: tuple(dict.fromkeys(row.get(name, "unknown") for row in rows)) for name in names}
    return Unlike(alike, tuple(group), {name: values for name, values in differs.items() if len(values) > 1})


def _compared(one: Decided) -> dict[str, str]:
    amount = one.about.amount
    return {
        "outcome": one.outcome,
        "decided_by": ", ".join(one.decided_by),
        "amount": f"{amount.amount} {amount.currency}" if amount else "unknown",
        "policy_version": one.about.clause.version,
        "precedents_seen": {True: "yes", False: "no", None: "unknown"}[one.precedents_seen],
        **one.about.facts,
    }


def _amount(one: Decided) -> Decimal:
    return one.about.amount.amount if one.about.amount else Decimal(0)
