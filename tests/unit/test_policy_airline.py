"""The airline's rules of cancellation, change and compensation, one request for each side of each."""

from typing import Any

import pytest

from tests.support.airline import (
    BUSINESS,
    CARD,
    GIFT,
    GONE,
    INSURED,
    LATER,
    NEW,
    NOTE,
    SAME,
    TODAY,
    ask,
    customer,
    reservation,
    said,
)


@pytest.mark.parametrize(
    ("record", "arguments", "wanted"),
    [
        (reservation(), {"reason": "change_of_plan"}, "refused C-4"),
        (reservation("basic_economy"), {"reason": "health"}, "refused C-4"),
        (reservation(created_at="2024-05-14T15:00:00"), {"reason": "change_of_plan"}, "allowed C-1"),
        (reservation(created_at="2024-05-14T14:59:00"), {"reason": "change_of_plan"}, "refused C-4"),
        (reservation(BUSINESS), {"reason": "change_of_plan"}, "allowed C-1"),
        (reservation(**INSURED), {"reason": "illness"}, "allowed C-1"),
        (reservation("basic_economy", **INSURED), {"reason": "bad weather"}, "allowed C-1"),
        (reservation(**INSURED), {"reason": "I got ill"}, "allowed C-1"),
        (reservation(**INSURED), {"reason": "Not feeling well"}, "allowed C-1"),
        (reservation(**INSURED), {"reason": "my doctor forbids it"}, "allowed C-1"),
        (reservation(**INSURED), {"reason": "not covered: I will stay still"}, "refused C-5"),
        (reservation(**INSURED), {"reason": "change_of_plan"}, "refused C-5"),
        (reservation(**INSURED), {"reason": "other reasons"}, "needs_information C-5"),
        (reservation(**INSURED), {}, "needs_information C-5"),
        (reservation(), {}, "refused C-4"),
        (reservation(), {"reason": "airline_cancelled"}, "needs_information C-1"),
        (reservation(days=(GONE, LATER)), {"reason": "change_of_plan"}, "needs_person C-2"),
        (reservation(BUSINESS, days=(GONE, LATER)), {"reason": "change_of_plan"}, "needs_person C-2"),
        (reservation(BUSINESS, days=(GONE,)), {"reason": "change_of_plan"}, "refused C-3"),
        (reservation(BUSINESS, days=(TODAY,)), {"reason": "change_of_plan"}, "needs_information C-1"),
        (reservation(days=(TODAY,)), {"reason": "change_of_plan"}, "refused C-4"),
        (reservation(BUSINESS), {"reason": "change_of_plan", "part": "one_passenger"}, "refused C-7"),
        (reservation(BUSINESS), {"reason": "change_of_plan", "refund_to": GIFT}, "refused C-6"),
        (reservation(BUSINESS), {"reason": "change_of_plan", "refund_to": CARD}, "allowed C-1"),
    ],
)
def test_cancelling(record: dict[str, Any], arguments: dict[str, Any], wanted: str) -> None:
    """Within 24 hours, by the airline, in business, or insured for the reason; never once a part is flown."""
    assert said(ask("cancel_reservation", record, **arguments)) == wanted


def test_a_flight_that_the_airline_cancelled_can_be_cancelled_in_any_cabin() -> None:
    """The record decides, not what the customer says."""
    record = reservation("basic_economy")
    record["flights"][0]["status"] = "cancelled"
    assert said(ask("cancel_reservation", record, reason="airline_cancelled")) == "allowed C-1"
    record["flights"][0]["status"] = "on time"
    assert said(ask("cancel_reservation", record, reason="airline_cancelled")) == "refused C-4"


@pytest.mark.parametrize(
    ("record", "arguments", "wanted"),
    [
        (reservation(), {"flights": NEW, "payment_id": CARD}, "allowed F-1"),
        (reservation("basic_economy"), {"flights": NEW, "payment_id": CARD}, "refused F-2"),
        (reservation("basic_economy"), {"cabin": "economy", "flights": SAME, "payment_id": CARD}, "allowed K-1"),
        (reservation("basic_economy"), {"cabin": "economy", "flights": NEW, "payment_id": CARD}, "refused F-2"),
        (reservation(BUSINESS), {"cabin": "economy", "flights": NEW, "payment_id": GIFT}, "allowed K-1"),
        (reservation(), {"cabin": BUSINESS, "part": "some_flights"}, "refused K-2"),
        (reservation(), {"cabin": BUSINESS, "part": "some_passengers"}, "refused K-2"),
        (reservation(days=(GONE, LATER)), {"cabin": BUSINESS}, "refused K-3"),
        (reservation(), {"destination": "CCC"}, "refused F-3"),
        (reservation(), {"origin": "CCC"}, "refused F-3"),
        (reservation(), {"flight_type": "round_trip"}, "refused F-3"),
        (reservation(), {"flights": [{**NEW[0], "origin": "AAA", "destination": "CCC"}]}, "refused F-3"),
        (reservation(), {"flights": [{**NEW[0], "origin": "AAA", "destination": "BBB"}]}, "allowed F-1"),
        (reservation(days=(LATER, LATER)), {"flights": SAME}, "refused F-3"),
        (reservation(days=(GONE, LATER)), {"flights": NEW}, "refused F-4"),
        (reservation(days=(GONE, LATER)), {"flights": [{"flight_number": "X0", "date": GONE}, *NEW]}, "allowed F-1"),
        (reservation(), {"flights": NEW, "payment_id": "credit_card_9"}, "refused P-1"),
        (reservation(), {"flights": NEW, "payment_id": NOTE}, "refused P-2"),
        (reservation(), {"cabin": BUSINESS, "pays_at_most": 100, "price_difference": 101}, "refused F-5"),
        (reservation(), {"cabin": BUSINESS, "pays_at_most": 100, "price_difference": 100}, "allowed K-1"),
        (reservation(), {"cabin": BUSINESS, "pays_at_most": 100}, "needs_information F-1"),
        (reservation(**INSURED), {"flights": NEW, "waive_difference": True}, "refused F-6"),
        (reservation(days=(TODAY,)), {"flights": [{"flight_number": "X0", "date": LATER}]}, "needs_information F-1"),
    ],
)
def test_changing_flights_and_cabin(record: dict[str, Any], arguments: dict[str, Any], wanted: str) -> None:
    """The route stays, basic economy keeps its flights, the cabin is one, and the difference is paid."""
    assert said(ask("update_reservation_flights", record, **arguments)) == wanted


@pytest.mark.parametrize(
    ("record", "membership", "arguments", "wanted"),
    [
        (reservation(), "silver", {"reason": "cancelled", "amount": 200}, "allowed G-1"),
        (reservation(), "silver", {"reason": "cancelled", "amount": 201}, "refused G-5"),
        (reservation(**INSURED), "regular", {"reason": "cancelled"}, "allowed G-1"),
        (reservation(BUSINESS), "regular", {"reason": "cancelled"}, "allowed G-1"),
        (reservation(), "regular", {"reason": "cancelled"}, "refused G-2"),
        (reservation(), "gold", {"reason": "delayed", "changed_or_cancelled": True, "amount": 100}, "allowed G-1"),
        (reservation(), "gold", {"reason": "delayed", "changed_or_cancelled": True, "amount": 150}, "refused G-5"),
        (reservation(), "gold", {"reason": "delayed", "changed_or_cancelled": False}, "refused G-3"),
        (reservation(), "gold", {"reason": "delayed"}, "needs_information G-3"),
        (reservation(), "gold", {"reason": "rude staff"}, "refused G-4"),
        (reservation(), "gold", {"reason": "cancelled", "to": "original_payment"}, "refused G-6"),
        (reservation(), "gold", {"reason": "cancelled", "asked": False}, "refused G-7"),
    ],
)  # fmt: skip
def test_compensating(record: dict[str, Any], membership: str, arguments: dict[str, Any], wanted: str) -> None:
    """A certificate for those who may, when they ask, in the policy's amount."""
    assert said(ask("send_certificate", record, customer(membership), **arguments)) == wanted


def test_compensation_needs_a_record_that_does_not_say_otherwise() -> None:
    """A flight on time was not cancelled, whatever the customer says."""
    record = reservation(BUSINESS)
    record["flights"][0]["status"] = "on time"
    assert said(ask("send_certificate", record, reason="cancelled")) == "refused G-8"


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("cancel_reservation", {"reason": "change_of_plan"}),
        ("update_reservation_flights", {"flights": NEW}),
        ("update_reservation_baggages", {"total_baggages": 2}),
        ("update_reservation_passengers", {}),
        ("send_certificate", {"reason": "cancelled"}),
    ],
)
def test_another_customers_booking_is_for_a_person(action: str, arguments: dict[str, Any]) -> None:
    """Who knows the number of a booking is not yet the customer whose booking it is."""
    assert said(ask(action, reservation(BUSINESS, user_id="other"), **arguments)) == "needs_person H-1"
