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
        # Packs with actions choose by more than their tables; a clock that is read but for a record's sake tells all
        # requests apart.
        clock = any(_names(one, "now|today") and not _for_a_record(one, pack) for one in _texts(pack))
        self._all = bool(pack.facts.actions) or clock
        self._names = tuple(name for name in NAMED if self._all or _names(text, name))
        self._arguments = _names(text, "arguments")
        self._steps = {name: _steps(pack, name) for name in NUMBERS if _names(text, name)}

    def seen(self, question: Question) -> object:
        """Give what the policy sees: equal for questions that it cannot tell apart."""
        named = tuple(getattr(question, name) for name in self._names)
        money = question.amount
        values = {
            "confidence": question.confidence,
            "days_since_purchase": question.days_since_purchase,
            "amount": None if money is None else float(money.amount),
        }
        currency = None if money is None else money.currency
        if self._all or question.customer or any(question.records.values()):
            looked_up = to_json((question.customer, question.records, question.arguments, question.order))
            return named, tuple(values.values()), currency, looked_up, question.now
        arguments = to_json(question.arguments) if self._arguments else None
        return named, tuple(_place(values[name], steps) for name, steps in self._steps.items()), currency, arguments


def _texts(pack: PolicyPack) -> list[str]:
    """Give all that tables compute, without the texts that they quote."""
    found: list[str] = []
    for table in pack.tables.values():
        found += table.expressions.values()
        for row in table.rows:
            found += [*row.formulas, *(cell for _, cell in row.cells)]
    return [QUOTED.sub("", one) for one in found]


def _for_a_record(text: str, pack: PolicyPack) -> bool:
    """Tell whether a text looks at a record first, and at the clock only where there is one."""
    return any(re.search(rf"\b{kind}\.\w+ != null \?", text) for kind in pack.facts.records)


def _names(text: str, name: str) -> bool:
    return re.search(rf"\b(?:{name})\b", text) is not None


def _steps(pack: PolicyPack, name: str) -> Steps:
    """Give the numbers that tables compare a field with; None where they do anything else with it."""
    steps: set[float] = set()
    if any(_names(text, name) and not _falls_back(text, name, pack) for text in _texts(pack)):
        return None
    for table in pack.tables.values():
        if "switchNode" in table.node_types.values():
            return None
        cells = [(field, cell) for row in table.rows for field, cell in row.cells]
        compared = [cell for field, cell in cells if field.rpartition(".")[2] == name]
        if not all(COMPARED.fullmatch(cell) for cell in compared):
            return None
        steps |= {float(number) for cell in compared for number in NUMBER.findall(cell)}
    return tuple(sorted(steps))


def _falls_back(text: str, name: str, pack: PolicyPack) -> bool:
    """Tell whether a text gives the field as it is where there is no record."""
    return text.endswith(f": null) ?? {name}") and _for_a_record(text, pack)


def _place(value: float | None, steps: Steps) -> object:
    """Give a number as far as comparing with the steps tells it from others."""
    if value is None or steps is None:
        return value
    place = bisect_left(steps, value)
    return place, place < len(steps) and steps[place] == value
