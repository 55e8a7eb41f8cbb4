"""What a customer's words state as fact: amounts of money, and numbers and names of things on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from re import Match

from services.triage.domain.policies.rulebook import AssessmentRules
from shared.contracts.values import Money


@dataclass(frozen=True, slots=True)
class Stated:
    """An amount, at [start, end) of the text."""

    money: Money
    start: int
    end: int


Stretches = Sequence[tuple[int, int]]
SURE = {"email": 0.98, "phone": 0.7, "order": 0.9, "code": 0.5}
SURE_OF_OTHERS = 0.85


@dataclass(frozen=True, slots=True)
class Referred:
    """A number or name of something on record, at [start, end) of the text."""

    kind: str
    value: str
    start: int
    end: int
    rule: str
    sure: float


def references(text: str, stretches: Stretches, rules: AssessmentRules) -> list[Referred]:
    """Find the orders, reservations, accounts, phone numbers and the like that are named, in the order of the text."""
    if not any(character.isdigit() or character == "@" for character in text):
        return []
    found: list[Referred] = []
    for kind, rule, pattern in rules.references:
        for start, end in stretches:
            for m in pattern.finditer(text, start, end):
                if not any(r.start < m.end(1) and m.start(1) < r.end for r in found):
                    found.append(Referred(kind, m[1], m.start(1), m.end(1), rule, SURE.get(kind, SURE_OF_OTHERS)))
    return sorted(found, key=lambda r: r.start)


def amounts(text: str, stretches: Stretches, rules: AssessmentRules) -> list[Stated]:
    """Find the amounts of money in a text, with their currencies, in the order of the text."""
    if not any(character.isdigit() for character in text):
        return []
    return [_stated(m, rules) for start, end in stretches for m in rules.amounts.finditer(text, start, end)]


def _stated(match: Match[str], rules: AssessmentRules) -> Stated:
    name = match["sign"] or match["after"] or match["word"] or match["code"]
    number = match["n1"] or match["n2"] or match["n3"]
    money = Money(amount=number_of(number), currency=rules.currencies[name.lower()])
    return Stated(money, match.start(), match.end())


def number_of(written: str) -> Decimal:
    """Read 1,234.50, 1.234,50, 1 234,50 and 1234.5 alike; a lone separator before three digits marks thousands."""
    digits = "".join(c for c in written if c.isdecimal() or c in ".,")
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0 and len(digits) - last - 1 != 3:
        whole, cents = digits[:last], digits[last + 1 :]
    else:
        whole, cents = digits, ""
    whole = whole.replace(".", "").replace(",", "")
    return Decimal(f"{whole}.{cents}" if cents else whole)
