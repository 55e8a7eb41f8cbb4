"""What a customer's words state as fact: amounts of money, order numbers, and which words are their own."""

from collections.abc import Iterator
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


def own_words(text: str, rules: AssessmentRules) -> list[tuple[int, int]]:
    """Give the stretches of a text that its writer wrote: no lines quoted from others, nothing below a quoting mark."""
    below = rules.quoted_below.search(text)
    limit = below.start() if below else len(text)
    if ">" not in text:
        return [(0, limit)]
    stretches: list[tuple[int, int]] = []
    at = 0
    for line in text[:limit].splitlines(keepends=True):
        if not rules.quoted_line.match(line):
            if stretches and stretches[-1][1] == at:
                stretches[-1] = (stretches[-1][0], at + len(line))
            else:
                stretches.append((at, at + len(line)))
        at += len(line)
    return stretches


def amounts(text: str, stretches: list[tuple[int, int]], rules: AssessmentRules) -> list[Stated]:
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


def orders(text: str, stretches: list[tuple[int, int]], rules: AssessmentRules) -> Iterator[tuple[str, int, int, str]]:
    """Give (number, start, end, pattern's name) of every order or booking number that the customer names."""
    for start, end in stretches:
        for name, pattern in rules.orders:
            for match in pattern.finditer(text, start, end):
                yield match[1], match.start(1), match.end(1), name
