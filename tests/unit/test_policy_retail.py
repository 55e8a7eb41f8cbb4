"""The retail policy rule by rule: states of an order, payment, variants, identity, and what is handed over."""

from typing import Any

import pytest

from tests.support.policy_tasks import pack
from tests.support.retail import ARGUMENTS, CUSTOMER, HOME, ask, on, order, result

BEFORE: dict[str, str | None] = {"pending": None, "processed": "S-1", "delivered": "S-2", "cancelled": "S-3"}
AFTER: dict[str, str | None] = {"pending": "S-6", "processed": "S-1", "delivered": None, "cancelled": "S-3"}
LATER = {"pending (items modified)": "S-4", "pending (item modified)": "S-4"}
UNDER_WAY = {"return requested": "S-5", "exchange requested": "S-5"}
STATES = [
    (action, status, clause)
    for action in ARGUMENTS
    for status, clause in {
        **(AFTER if action in ("return_items", "exchange_items") else BEFORE),
        **LATER,
        **UNDER_WAY,
    }.items()
]


@pytest.mark.parametrize(("action", "status", "clause"), STATES)
def test_each_act_has_its_states_and_no_others(action: str, status: str, clause: str | None) -> None:
    answer = ask(action, records=on(status))
    if clause is None:
        assert answer.outcome == "allowed"
    else:
        assert result(answer) == ("refused", clause)


def test_a_state_that_nobody_foresaw_goes_to_a_person() -> None:
    assert {ask(action, records=on("lost")).outcome for action in ARGUMENTS} == {"needs_person"}


@pytest.mark.parametrize(
    ("action", "arguments", "outcome", "clause"),
    [
        ("cancel_order", {"reason": "ordered by mistake"}, "allowed", "C-1"),
        ("cancel_order", {"reason": "Ordered by mistake "}, "allowed", "C-1"),
        ("cancel_order", {"reason": "I no longer need it."}, "allowed", "C-1"),
        ("cancel_order", {"reason": "found it cheaper"}, "refused", "C-2"),
        ("cancel_order", {"reason": None}, "needs_information", "C-1"),
        ("cancel_order", {"item_ids": ["lamp_small"]}, "refused", "C-3"),
        ("cancel_order", {"item_ids": ["mug_red", "mug_red", "lamp_small"]}, "allowed", "C-1"),
        ("cancel_order", {"payment_method_id": "gift_card_1"}, "refused", "C-4"),
        ("cancel_order", {"payment_method_id": "paypal_1"}, "allowed", "C-1"),
        ("cancel_order", {"confirmed": False}, "needs_information", "Y-1"),
        ("modify_order_address", {"zip": ""}, "needs_information", "M-1"),
        ("modify_order_payment", {"payment_method_id": None}, "needs_information", "M-2"),
        ("modify_order_payment", {"payment_method_id": "paypal_1"}, "refused", "M-3"),
        ("modify_order_payment", {"payment_method_ids": ["credit_card_1", "gift_card_1"]}, "refused", "M-4"),
        ("modify_order_payment", {"payment_method_id": "gift_card_1"}, "refused", "M-5"),
        ("modify_order_payment", {"payment_method_id": "credit_card_9"}, "refused", "P-1"),
        ("return_items", {"payment_method_id": "gift_card_1"}, "allowed", "R-1"),
        ("return_items", {"payment_method_id": "credit_card_1"}, "refused", "R-2"),
        ("return_items", {"payment_method_id": "gift_card_9"}, "refused", "R-2"),
        ("return_items", {"payment_method_id": None}, "needs_information", "R-1"),
        ("return_items", {"item_ids": []}, "needs_information", "R-1"),
        ("return_items", {"item_ids": ["mug_red", "mug_red"]}, "allowed", "R-1"),
        ("return_items", {"item_ids": ["mug_red", "mug_red", "mug_red"]}, "needs_information", "O-1"),
        ("return_items", {"lost": True}, "refused", "R-3"),
        ("return_items", {"item_ids": ["vase"]}, "needs_information", "O-1"),
    ],
)
def test_cancelling_paying_and_returning_have_their_limits(
    action: str, arguments: dict[str, Any], outcome: str, clause: str
) -> None:
    records = on("delivered" if action == "return_items" else "pending")
    assert result(ask(action, arguments, records=records)) == (outcome, clause)


@pytest.mark.parametrize(
    ("action", "status", "grant"), [("modify_order_items", "pending", "M-7"), ("exchange_items", "delivered", "E-1")]
)
@pytest.mark.parametrize(
    ("arguments", "outcome", "clause"),
    [
        ({}, "allowed", None),
        ({"item_ids": ["mug_red", "lamp_small"], "new_item_ids": ["mug_blue", "lamp_big"]}, "allowed", None),
        ({"item_ids": ["mug_red", "lamp_small"], "new_item_ids": ["lamp_big", "mug_blue"]}, "refused", "V-1"),
        ({"new_item_ids": ["lamp_big"]}, "refused", "V-1"),
        ({"new_item_ids": None, "new_product": "Lamp"}, "refused", "V-1"),
        ({"new_product": "mug"}, "allowed", None),
        ({"new_item_ids": ["mug_gold"]}, "refused", "V-2"),
        ({"new_item_ids": None, "unavailable_for": ["mug_red"]}, "refused", "V-2"),
        ({"payment_method_id": "gift_card_1"}, "allowed", None),
        ({"new_item_ids": ["mug_huge"], "payment_method_id": "gift_card_1"}, "refused", "V-3"),
        ({"new_item_ids": ["mug_huge"], "payment_method_id": "credit_card_1"}, "allowed", None),
        ({"new_item_ids": ["mug_red"]}, "refused", "V-4"),
        ({"payment_method_id": "amex"}, "refused", "P-1"),
        ({"payment_method_id": ""}, "needs_information", None),
        ({"new_item_ids": []}, "needs_information", None),
        ({"new_item_ids": ["mug_blue", "lamp_big"]}, "needs_information", None),
        ({"item_ids": None}, "needs_information", None),
        ({"item_ids": ["vase"]}, "needs_information", "O-1"),
        ({"confirmed": False}, "needs_information", "Y-1"),
    ],
)
def test_items_become_other_available_variants_of_the_same_product(
    action: str, status: str, grant: str, arguments: dict[str, Any], outcome: str, clause: str | None
) -> None:
    assert result(ask(action, arguments, records=on(status))) == (outcome, clause or grant)


def test_without_the_catalogue_the_agent_is_told_to_look_there() -> None:
    answer = ask("modify_order_items", records={"order": order()})
    assert result(answer) == ("allowed", "M-7")
    assert "catalogue" in answer.note


def test_a_gift_card_of_unknown_balance_is_for_a_person() -> None:
    customer = {**CUSTOMER, "payment_methods": {"gift_card_1": {"source": "gift_card"}}}
    answer = ask("modify_order_payment", {"payment_method_id": "gift_card_1"}, customer=customer)
    assert answer.outcome == "needs_person"


def test_the_method_that_an_order_is_paid_by_now_counts() -> None:
    moved = [
        {"transaction_type": "payment", "amount": 50.0, "payment_method_id": "paypal_1"},
        {"transaction_type": "refund", "amount": 50.0, "payment_method_id": "paypal_1"},
        {"transaction_type": "payment", "amount": 50.0, "payment_method_id": "credit_card_1"},
    ]
    records = on("pending", payment_history=moved)
    assert result(ask("modify_order_payment", {"payment_method_id": "credit_card_1"}, records=records))[1] == "M-3"
    assert ask("modify_order_payment", {"payment_method_id": "paypal_1"}, records=records).outcome == "allowed"


def test_money_returns_at_once_to_a_gift_card_and_else_in_seven_days() -> None:
    paid = [{"transaction_type": "payment", "amount": 50.0, "payment_method_id": "gift_card_1"}]
    assert ask("cancel_order", records=on("pending", payment_history=paid)).working_days == 0
    assert ask("cancel_order").working_days == 7


@pytest.mark.parametrize("action", [*ARGUMENTS, "information"])
def test_another_customers_order_is_neither_told_nor_touched(action: str) -> None:
    assert result(ask(action, records=on("pending", user_id="ben_2"))) == ("refused", "ID-2")
    assert result(ask(action, {"other_customer": True})) == ("refused", "ID-2")


@pytest.mark.parametrize("action", [*ARGUMENTS, "information", "change_default_address", "transfer_to_person"])
def test_an_unknown_customer_is_asked_who_they_are(action: str) -> None:
    answer = ask(action, HOME, customer=None)
    assert answer.outcome == "needs_information"
    assert "customer" in [one.path for one in answer.missing]
    alone = ask(action, {**HOME, "identified": False})
    assert (*result(alone), [one.path for one in alone.missing]) == ("needs_information", "ID-1", ["customer"])


@pytest.mark.parametrize("said", [None, "ana_1", "ANA_1"])
def test_whoever_writes_a_message_must_say_more_than_an_accounts_id(said: str | None) -> None:
    reading = {"kinds": ["other"], "remedy": "cancellation"}
    assert result(ask("cancel_order", {"user_id": said}, reading=reading)) == ("needs_information", "ID-1")
    assert ask("cancel_order", {"user_id": "ana@example.com"}, reading=reading).outcome == "allowed"
    assert ask("cancel_order", {"user_id": said}).outcome == "allowed"


def test_an_order_of_no_known_owner_goes_to_a_person() -> None:
    assert ask("cancel_order", records=on("pending", user_id=None)).outcome == "needs_person"


@pytest.mark.parametrize(
    ("action", "arguments", "outcome", "clause"),
    [
        ("change_default_address", HOME, "allowed", "A-1"),
        ("change_default_address", {"city": "Austin"}, "needs_information", "M-1"),
        ("information", {"about": "tracking"}, "allowed", "I-1"),
        ("information", {"about": "recommendation"}, "refused", "I-2"),
        ("place_order", {}, "refused", "N-1"),
        ("reduce_price", {}, "refused", "N-2"),
        ("guarantee_time", {}, "refused", "N-3"),
        ("unrelated_help", {}, "refused", "N-4"),
        ("undo_cancellation", {}, "needs_person", "T-1"),
        ("transfer_to_person", {}, "needs_information", "T-2"),
        ("transfer_to_person", {"matter": "return_items"}, "refused", "T-2"),
        ("transfer_to_person", {"matter": "a broken shop window"}, "needs_person", "T-1"),
    ],
)
def test_the_rest_is_told_refused_or_handed_over(
    action: str, arguments: dict[str, Any], outcome: str, clause: str
) -> None:
    assert result(ask(action, arguments)) == (outcome, clause)


@pytest.mark.parametrize("reading", [{"emergency": True}, {"tone": "abusive"}, {"topics": ["legal_threat"]}])
def test_danger_abuse_and_the_law_are_for_a_person(reading: dict[str, Any]) -> None:
    for action in pack("retail").facts.actions:
        assert result(ask(action, HOME, reading=reading)) == ("needs_person", "B-1")
