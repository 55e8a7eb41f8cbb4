"""What a policy can tell apart: questions that look the same to its tables get the same answer.

Without this, hardly two requests are alike: each reading is as sure as no other, and amounts and days differ. A field
that no table names is left out, and a number that tables only compare with numbers counts by where it lies among them.
"""

import re
from bisect import bisect_left

from pydantic_core import to_json

from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.policies.ruling import Question

NUMBER = re.compile(r"\d+(?:\.\d+)?")
COMPARED = re.compile(r"(?:[\d.\s<>=!\[\](),-]|null|and|or|not|in)*")
QUOTED = re.compile(r"'[^']*'")
NAMED = (
    "tone",
    "urgency",
    "emergency",
    "appeals",
    "claims",
    "language",
    "channel",
    "topics",
    "kinds",
    "kind",
    "remedy",
)
NUMBERS = ("confidence", "days_since_purchase", "amount")

Steps = tuple[float, ...] | None


class Sight:
    """What one version of a policy sees of a question."""

    def __init__(self, pack: PolicyPack) -> None:
        text = " ".join(pack.source.text(path) for path in pack.tables)
        self._all = bool(pack.facts.actions)  # packs with actions choose by more than their tables
        self._names = tuple(name for name in NAMED if self._all or _names(text, name))
        self._customer = self._all or _names(text, "customer")
        self._steps = {name: _steps(pack, name) for name in NUMBERS if self._all or _names(text, name)}

    def seen(self, question: Question) -> object:
        """Give what the policy sees: equal for questions that it cannot tell apart."""
        named = tuple(getattr(question, name) for name in self._names)
        money = question.amount
        values = {
            "confidence": question.confidence,
            "days_since_purchase": question.days_since_purchase,
            "amount": None if money is None else float(money.amount),
        }
        numbers = tuple(_place(values[name], steps) for name, steps in self._steps.items())
        currency = None if money is None else money.currency
        customer = to_json(question.customer) if self._customer and question.customer else None
        if not self._all:
            return named, numbers, currency, customer
        records = to_json((question.arguments, question.records))
        return named, numbers, currency, customer, question.order, question.now, records


def _names(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _steps(pack: PolicyPack, name: str) -> Steps:
    """Give the numbers that tables compare a field with; None where they do anything else with it."""
    steps: set[float] = set()
    for table in pack.tables.values():
        if "switchNode" in table.node_types.values():
            return None
        formulas = [*table.expressions.values(), *(one for row in table.rows for one in row.formulas)]
        cells = [(field, cell) for row in table.rows for field, cell in row.cells]
        texts = (QUOTED.sub("", text) for text in (*formulas, *(cell for _, cell in cells)))
        if any(_names(text, name) for text in texts):
            return None
        compared = [cell for field, cell in cells if field.rpartition(".")[2] == name]
        if not all(COMPARED.fullmatch(cell) for cell in compared):
            return None
        steps |= {float(number) for cell in compared for number in NUMBER.findall(cell)}
    return tuple(sorted(steps))


def _place(value: float | None, steps: Steps) -> object:
    """Give a number as far as comparing with the steps tells it from others."""
    if value is None or steps is None:
        return value
    place = bisect_left(steps, value)
    return place, place < len(steps) and steps[place] == value
