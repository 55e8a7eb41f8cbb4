"""The airline's rules of booking, bags, passengers and insurance, and of what is told or handed over."""

from typing import Any

import pytest

from tests.support.airline import BUSINESS, CARD, GIFT, NEW, NOTE, ask, customer, reservation, said


@pytest.mark.parametrize("membership", ["regular", "silver", "gold"])
@pytest.mark.parametrize(("cabin", "base"), [("basic_economy", 0), ("economy", 1), ("business", 2)])
def test_free_bags_by_cabin_membership_and_passengers(cabin: str, base: int, membership: str) -> None:
    """One bag beyond the free ones must be paid, and says how many are free."""
    free = 2 * (base + ["regular", "silver", "gold"].index(membership))
    record, who = reservation(cabin, total_baggages=0), customer(membership)
    within = ask("update_reservation_baggages", record, who, total_baggages=free, nonfree_baggages=0)
    beyond = ask("update_reservation_baggages", record, who, total_baggages=free + 1, nonfree_baggages=0)
    paid = ask("update_reservation_baggages", record, who, total_baggages=free + 1, nonfree_baggages=1)
    told = ask("give_information", record, who, topic="baggage_allowance")
    assert [said(one) for one in (within, beyond, paid)] == ["allowed B-1", "refused B-3", "allowed B-1"]
    assert (beyond.limit_value, told.limit_value) == (free, free)


def test_the_first_edition_gives_a_gold_member_in_business_three_free_bags() -> None:
    """The second edition gives four."""
    for policy, free in (("airline_first", 3), ("airline", 4)):
        record = reservation(BUSINESS, passengers=[{}])
        assert (
            ask("give_information", record, customer("gold"), policy=policy, topic="baggage_allowance").limit_value
            == free
        )


def test_bags_can_be_added_but_not_taken_out() -> None:
    """Also by saying how many are to be added."""
    assert said(ask("update_reservation_baggages", reservation(), total_baggages=0)) == "refused B-2"
    assert said(ask("update_reservation_baggages", reservation(), add_baggages=1)) == "allowed B-1"
    assert said(ask("update_reservation_baggages", reservation(), add_baggages=2, nonfree_baggages=0)) == "refused B-3"
    assert said(ask("update_reservation_baggages", reservation(), add_baggages=2, payment_id="x")) == "refused P-1"


def test_passengers_may_be_others_but_not_more_or_fewer_and_nobody_may_except_that() -> None:
    """The number is fixed for everybody, so no role is named."""
    other = ask("update_reservation_passengers", reservation(), passengers=[{"last_name": "C"}, {"last_name": "D"}])
    fewer = ask("update_reservation_passengers", reservation(), passengers=[{"last_name": "A"}])
    counted = ask("update_reservation_passengers", reservation(), number_of_passengers=3)
    assert [said(one) for one in (other, fewer, counted)] == ["allowed N-1", "refused N-2", "refused N-2"]
    assert fewer.authority is None


def test_insurance_is_not_added_later() -> None:
    """Whatever the fare."""
    assert said(ask("add_insurance", reservation(BUSINESS))) == "refused S-1"


MORE_GIFTS = ("gift_card_2", "gift_card_3")


def a_booking(**other: Any) -> dict[str, Any]:
    """Make a complete booking for one passenger."""
    person = {"first_name": "A", "last_name": "B", "dob": "1990-01-01"}
    return {
        "user_id": "u", "origin": "AAA", "destination": "BBB", "flight_type": "one_way", "cabin": "economy",
        "flights": NEW, "passengers": [person], "payment_methods": [{"payment_id": CARD, "amount": 100}],
        "total_baggages": 1, "nonfree_baggages": 0, "insurance": "no", **other,
    }  # fmt: skip


PERSON = {"first_name": "A", "last_name": "B", "dob": "1990-01-01"}


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ({}, "allowed R-1"),
        ({"passengers": [PERSON] * 5}, "allowed R-1"),
        ({"passengers": [PERSON] * 6}, "refused R-2"),
        ({"cabin": "mixed"}, "refused K-2"),
        ({"flights": [{**NEW[0], "status": "delayed"}]}, "refused R-3"),
        ({"payment_methods": [{"payment_id": p} for p in (NOTE, "certificate_2")]}, "refused P-3"),
        ({"payment_methods": [{"payment_id": p} for p in (CARD, "credit_card_2")]}, "refused P-3"),
        ({"payment_methods": [{"payment_id": f"gift_card_{n}"} for n in range(1, 5)]}, "refused P-3"),
        ({"payment_methods": [{"payment_id": p} for p in (NOTE, CARD, GIFT, *MORE_GIFTS)]}, "allowed R-1"),
        ({"payment_methods": [{"payment_id": "credit_card_9"}]}, "refused P-1"),
        ({"certificate_rest": "refund"}, "refused P-4"),
        ({"total_baggages": 2}, "refused B-3"),
        ({"total_baggages": 2, "nonfree_baggages": 1}, "allowed R-1"),
        ({"passengers": [{"first_name": "A", "last_name": "B"}]}, "needs_information R-1"),
        ({"insurance": None}, "needs_information I-1"),
        ({"payment_methods": None}, "needs_information I-1"),
    ],
)  # fmt: skip
def test_booking(other: dict[str, Any], wanted: str) -> None:
    """At most five people, one certificate, one card, three gift cards of the profile; bags within the allowance."""
    who = customer("regular", "certificate_2", "credit_card_2", "gift_card_2", "gift_card_3", "gift_card_4")
    assert said(ask("book_reservation", who=who, **a_booking(**other))) == wanted


def test_a_person_takes_over_only_what_cannot_be_settled_here() -> None:
    """Asking for a supervisor does not make a settled question an open one."""
    assert said(ask("transfer_to_human_agents", can_be_settled=True)) == "refused H-2"
    assert said(ask("transfer_to_human_agents", can_be_settled=False)) == "needs_person H-1"
