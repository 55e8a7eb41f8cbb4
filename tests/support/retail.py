"""Requests to the shipped retail policy: a customer, an order in any state, a small catalogue."""

from collections.abc import Mapping
from typing import Any

from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest
from tests.support.policy_tasks import pack

PAYPAL = {"source": "paypal", "id": "paypal_1"}
CARD = {"source": "credit_card", "id": "credit_card_1"}
GIFT = {"source": "gift_card", "id": "gift_card_1", "balance": 20.0}
CUSTOMER = {
    "user_id": "ana_1",
    "email": "ana@example.com",
    "payment_methods": {"paypal_1": PAYPAL, "credit_card_1": CARD, "gift_card_1": GIFT},
}
ITEMS = [
    {"name": "Mug", "product_id": "mugs", "item_id": "mug_red", "price": 10.0},
    {"name": "Mug", "product_id": "mugs", "item_id": "mug_red", "price": 10.0},
    {"name": "Lamp", "product_id": "lamps", "item_id": "lamp_small", "price": 30.0},
]
CATALOGUE = {
    "mug_blue": {"product_id": "mugs", "available": True, "price": 15.0},
    "mug_gold": {"product_id": "mugs", "available": False, "price": 11.0},
    "mug_huge": {"product_id": "mugs", "available": True, "price": 30.01},
    "lamp_big": {"product_id": "lamps", "available": True, "price": 50.0},
}
HOME = {"address1": "1 Main Street", "city": "Austin", "zip": "78701"}
SWAP = {"item_ids": ["mug_red"], "new_item_ids": ["mug_blue"], "payment_method_id": "paypal_1"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "cancel_order": {"reason": "no longer needed"},
    "modify_order_address": HOME,
    "modify_order_payment": {"payment_method_id": "credit_card_1"},
    "modify_order_items": SWAP,
    "return_items": {"item_ids": ["mug_red"], "payment_method_id": "paypal_1"},
    "exchange_items": SWAP,
}


def order(status: str = "pending", **fields: Any) -> dict[str, Any]:
    """Give Ana's order in a state, with fields changed."""
    paid = [{"transaction_type": "payment", "amount": 50.0, "payment_method_id": "paypal_1"}]
    made = {"order_id": "#W1", "user_id": "ana_1", "status": status, "items": ITEMS, "payment_history": paid}
    return {**made, **fields}


def ask(action: str, arguments: Mapping[str, Any] | None = None, **request: Any) -> PolicyAnswer:
    """Ask for an action on a pending order of Ana's, with arguments that are fine unless a test changes them."""
    made: dict[str, Any] = {
        "action": action,
        "arguments": {"order_id": "#W1", **ARGUMENTS.get(action, {}), **(arguments or {})},
        "customer": CUSTOMER,
        "records": {"order": order(), "catalogue": CATALOGUE},
        **request,
    }
    return pack("retail").answer(PolicyRequest.model_validate(made))


def on(status: str, **fields: Any) -> dict[str, Any]:
    """Give the records of a request about Ana's order in a state."""
    return {"order": order(status, **fields), "catalogue": CATALOGUE}


def result(answer: PolicyAnswer) -> tuple[str, str]:
    """Give what an answer comes to."""
    return answer.outcome, answer.clause.clause
