"""Reads numbers as they are spoken: one hundred twenty dollars, four two seven."""

from collections.abc import Sequence
from decimal import Decimal

from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.rulebook import AssessmentRules
from shared.contracts.values import Money

HUNDREDS = {
    "hundred": 100,
    "thousand": 1000,
    "cien": 100,
    "mil": 1000,
    "cent": 100,
    "mille": 1000,
    "hundert": 100,
    "tausend": 1000,
}
ARTICLES = frozenset({"a", "an", "un", "una", "une", "ein", "eine", "einem", "einer"})
AND = "and"
CENTS = frozenset({"cent", "cents", "pence"})
MOST = 10**9


def number_run(words: Sequence[Word], at: int, rules: AssessmentRules) -> tuple[int, tuple[str | int, ...]]:
    """Read the numbers that follow each other from `at` on; gives the last word and the numbers, none for none.

    Numbers in digits come as they are written, spoken ones as their value: (427,), (4, 2, 7), (120,), ("120",).
    """
    parts: list[str | int] = []
    i = at
    while i < len(words):
        word = words[i].plain
        value = rules.times.numbers.get(word)
        last = parts[-1] if parts and isinstance(parts[-1], int) else None
        if word[:1].isdecimal():
            parts.append(word.replace(",", "").removesuffix(".00"))
        elif word in HUNDREDS and last is not None and last < MOST:
            parts[-1] = _times(last, HUNDREDS[word])
        elif word in HUNDREDS and word not in CENTS:
            parts.append(HUNDREDS[word])
        elif word == AND and last is not None and last >= 100:
            pass
        elif value is None or word in ARTICLES or (last or 0) >= MOST:
            break
        elif last is not None and _goes_on(last, value):
            parts[-1] = last + value
        else:
            parts.append(value)
        i += 1
    while i > at and words[i - 1].plain == AND:
        i -= 1
    return max(i - 1, at), tuple(parts)


def _times(number: int, hundreds: int) -> int:
    """Count a hundred or a thousand into a number: two | hundred, two thousand five | hundred."""
    below = number % 1000 if hundreds < 1000 <= number else number
    return number - below + (below or 1) * hundreds


def _goes_on(number: int, more: int) -> bool:
    """Tell whether a number goes on with another: twenty | one, hundred | twenty, thousand | forty."""
    tens = 20 <= number % 100 < 100 and number % 10 == 0 and more < 10
    return tens or (number >= 100 and number % 100 == 0 and more < 100)


def spoken_amounts(words: Sequence[Word], rules: AssessmentRules) -> list[tuple[int, int, Money]]:
    """Find amounts of money in spoken numbers; gives the first and last word and the amount."""
    numbers, found, at = rules.times.numbers, [], 0
    while at < len(words):
        word = words[at].plain
        if word not in ARTICLES and (word in numbers or word in HUNDREDS):
            last, parts = number_run(words, at, rules)
            currency = rules.currencies.get(words[last + 1].plain) if last + 1 < len(words) else None
            if currency and len(parts) == 1 and isinstance(parts[0], int):
                cents, end = _cents(words, last + 2, rules)
                found.append((at, end or last + 1, Money(amount=Decimal(parts[0]) + cents, currency=currency)))
            at = last
        at += 1
    return found


def _cents(words: Sequence[Word], at: int, rules: AssessmentRules) -> tuple[Decimal, int | None]:
    """Read "and fifty cents" at a place."""
    start = at + (at < len(words) and words[at].plain == AND)
    if start >= len(words):
        return Decimal(0), None
    last, parts = number_run(words, start, rules)
    told = len(parts) == 1 and last + 1 < len(words) and words[last + 1].plain in CENTS
    number = int(parts[0]) if told and str(parts[0]).isdecimal() else 0
    return (Decimal(number) / 100, last + 1) if 0 < number < 100 else (Decimal(0), None)
