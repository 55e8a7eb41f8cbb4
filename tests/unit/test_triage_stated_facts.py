"""Amounts, order numbers, days since a purchase and deadlines in customers' words."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.triage.domain.policies.facts import number_of
from tests.support.triage import read


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("refund my $129.99", "129.99", "USD"),
        ("€ 1.234,50 zurück", "1234.50", "EUR"),
        ("I paid 45 euros", "45", "EUR"),
        ("USD 1,200 please", "1200", "USD"),
        ("19,99 € remboursés", "19.99", "EUR"),
        ("a refund of 30 pounds", "30", "GBP"),
        ("I paid $500 and want a $20 refund", "20", "USD"),
        ("1 234,50 zł", "1234.50", "PLN"),
        ("10 A$ for me", "10", "AUD"),
        ("US$ 12 back", "12", "USD"),
    ],
)
def test_amounts_are_read_with_their_currency(text: str, amount: str, currency: str) -> None:
    money = read(text).amount
    assert money is not None
    assert (money.amount, money.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize("text", ["call 555 1234", "it is 5 o'clock", "$", "99999999999999999999 dollars", "room 12"])
def test_other_numbers_are_no_amounts(text: str) -> None:
    assert read(text).amount is None


@pytest.mark.parametrize(
    ("written", "number"),
    [("1,234", "1234"), ("1.234,5", "1234.5"), ("12,50", "12.50"), ("1'234.50", "1234.50"), ("7", "7")],
)
def test_numbers_are_read_in_either_style(written: str, number: str) -> None:
    assert number_of(written) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Order #W2378156 is late", "W2378156"),
        ("my order number is 448-12977", "448-12977"),
        ("reservation EHGLP3", "EHGLP3"),
        ("Bestellung Nr. 99812 fehlt", "99812"),
        ("my order arrived late", None),
    ],
)
def test_order_numbers_are_read(text: str, order: str | None) -> None:
    assert read(text).order == order


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("I bought it three weeks ago", 21),
        ("I purchased this 90 days ago and it broke", 90),
        ("it has been two months since I ordered it", 60),
        ("I have had it for a couple of weeks", 14),
        ("bought yesterday", 1),
        ("I got it last week", 7),
        ("ordered on 3 May 2026", 205),
        ("I bought this on May 3rd", 205),
        ("bought 2026-11-14", 10),
        ("I bought it in October", 24),
        ("bought in December", 328),
        ("Compré la tostadora hace tres semanas", 21),
        ("Je l'ai acheté il y a dix jours", 10),
        ("Ich habe es vor zwei Wochen gekauft", 14),
        ("I called you three weeks ago", None),
        ("I bought a lamp. I called you three weeks ago", None),
        ("I will buy it in December 2030", None),
        ("bought in November", 0),
        ("weeks ago I bought it", None),
        ("the order of weeks ago", None),
    ],
)
def test_days_since_purchase_are_counted_from_when_it_was_said(text: str, days: int | None) -> None:
    assert read(text).days_since_purchase == days


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("I need it by Friday", "2026-11-27"),
        ("send it before December 3rd", "2026-12-03"),
        ("answer me within 48 hours", "2026-11-26"),
        ("I need this fixed today", "2026-11-24"),
        ("I must have it by tomorrow", "2026-11-25"),
        ("by the end of the month, please", "2026-11-30"),
        ("by the end of the week", "2026-11-27"),
        ("Ich brauche es bis Freitag", "2026-11-27"),
        ("answer by the end of the day", "2026-11-24"),
        ("by the day after. Friday suits me", None),
        ("within 999 years", None),
        ("no later than 5 January, before 5 January", "2027-01-05"),
        ("by the way, nice shop", None),
    ],
)
def test_deadlines_are_resolved_to_a_day(text: str, deadline: str | None) -> None:
    assert read(text).deadline == deadline


def test_an_impossible_day_is_no_day() -> None:
    assert read("bought on 31 February").days_since_purchase is None


def test_the_day_of_reading_is_the_day_it_was_said() -> None:
    said_in_2020 = datetime(2020, 5, 29, 23, 0, tzinfo=UTC)
    assert read("I bought it three weeks ago, answer by Friday", at=said_in_2020).deadline == "2020-05-29"
