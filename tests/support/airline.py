"""Reservations and requests for tests of the airline's policy."""

from datetime import datetime
from typing import Any

from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest
from tests.support.policy_tasks import pack

NOW = datetime.fromisoformat("2024-05-15T15:00:00-05:00")
LONG_AGO, TODAY, LATER, GONE = "2024-05-01T10:00:00", "2024-05-15", "2024-05-25", "2024-05-10"
CARD, GIFT, NOTE = "credit_card_1", "gift_card_1", "certificate_1"


def customer(membership: str = "regular", *more: str) -> dict[str, Any]:
    """Make a customer with a card, a gift card and a certificate."""
    return {
        "user_id": "u",
        "membership": membership,
        "payment_methods": {p: {"id": p} for p in (CARD, GIFT, NOTE, *more)},
    }


def reservation(cabin: str = "economy", days: tuple[str, ...] = (LATER,), **other: Any) -> dict[str, Any]:
    """Make a one-way reservation from AAA to BBB for two, booked long ago and uninsured."""
    flights = [
        {"flight_number": f"X{n}", "date": day, "origin": "AAA", "destination": "BBB"} for n, day in enumerate(days)
    ]
    return {
        "reservation_id": "R", "user_id": "u", "origin": "AAA", "destination": "BBB", "flight_type": "one_way",
        "cabin": cabin, "flights": flights, "passengers": [{"last_name": "A"}, {"last_name": "B"}], "insurance": "no",
        "payment_history": [{"payment_id": CARD, "amount": 100}], "created_at": LONG_AGO, "total_baggages": 1,
        "nonfree_baggages": 0, **other,
    }  # fmt: skip


def ask(
    action: str, record: dict[str, Any] | None = None, who: dict[str, Any] | None = None, *, policy: str = "airline",
    claims: tuple[str, ...] = (), language: str = "en", **arguments: Any,
) -> PolicyAnswer:  # fmt: skip
    """Ask the policy for an action on a reservation."""
    given = {"reservation_id": "R", **arguments} if record else arguments
    request = PolicyRequest(
        action=action, arguments=given, customer=who or customer(), records={"reservation": record} if record else {},
        claims=claims, now=NOW, language=language,
    )  # fmt: skip
    return pack(policy).answer(request)


def said(answer: PolicyAnswer) -> str:
    """Give outcome and clause in short."""
    return f"{answer.outcome} {answer.clause.clause}"


INSURED: dict[str, Any] = {"insurance": "yes"}
BUSINESS = "business"
NEW = [{"flight_number": "Y1", "date": "2024-05-26"}]
SAME = [{"flight_number": "X0", "date": LATER}]
