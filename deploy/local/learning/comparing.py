"""Holds the next model against the published one, on the same texts and folds, before it may be published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.triage.adapters.model_file import Card

TOLERANCE = 0.02
MEASURES = {"polarity:negative": "both_accuracy"}


@dataclass(frozen=True)
class Change:
    """One finding on one set: the figure of the published model and of the next, and what it measures."""

    finding: str
    origin: str
    measure: str
    old: float
    new: float

    @property
    def falls(self) -> float:
        """Give by how much the figure falls; below 0 where it rises."""
        return round(self.old - self.new, 3)


def compare(old: Card, new: Card) -> list[Change]:
    """Give the figures of both on every set whose texts and labels are the same for both."""
    data_old, data_new = _extra(old, "data"), _extra(new, "data")
    same = {o for o, told in data_old.items() if data_new.get(o, {}).get("sha256") == told["sha256"]}
    return list(_changes(_extra(old, "figures"), _extra(new, "figures"), same))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], same: set[str]) -> Iterator[Change]:
    for finding, sets in old.items():
        measure = MEASURES.get(finding, "both_f1")
        for origin, told in sets.items():
            if origin in same:
                now = new.get(finding, {}).get(origin, {}).get(measure, 0.0)
                yield Change(finding, origin, measure.removeprefix("both_"), told[measure], now)


def objections(changes: list[Change], tolerance: float = TOLERANCE) -> list[str]:
    """Give why the next model may not be published: what falls by more than `tolerance`, or nothing to compare."""
    if not changes:
        return ["the published model and this one share no set: there is nothing to compare"]
    return [
        f"{c.finding} on {c.origin}: {c.measure} {c.old:.3f} -> {c.new:.3f}" for c in changes if c.falls > tolerance
    ]


def _extra(card: Card, name: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = (card.model_extra or {}).get(name, {})
    return told
