"""Statements that make intake's own tables forget a customer: no address is known, no case of theirs is joined."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, Executable, bindparam, text

from shared.contracts.event import Recorded
from shared.contracts.intake_privacy import (
    AboutPrivacy,
    CustomerErased,
    ErasureApproved,
    ErasureRequested,
    PrivacyRefused,
)

ERASE = "erase"
STANDS = text("""
    INSERT INTO erasure VALUES (:customer, :state, :possible_on, :at)
    ON CONFLICT (customer_id) DO UPDATE SET state = excluded.state, possible_on = excluded.possible_on,
        changed_at = excluded.changed_at
    WHERE erasure.state NOT IN ('approved', 'erased') OR excluded.state = 'erased'""").bindparams(
    bindparam("possible_on", type_=Date), bindparam("at", type_=DateTime(timezone=True))
)
# From the approval on, whoever writes from the same address is somebody new, with a case of their own.
FORGET = (
    text("DELETE FROM customer_address WHERE customer_id = :customer"),
    text("DELETE FROM customer_standing WHERE customer_id = :customer"),
    text("UPDATE conversation SET forgotten = true WHERE customer_id = :customer"),
    text("UPDATE tracking SET forgotten = true, waits_since = NULL WHERE customer_id = :customer"),
)


def forgetting(event: Recorded, fact: AboutPrivacy) -> Sequence[Executable]:
    """Give the statements that a fact about a customer's data leads to."""
    match fact:
        case ErasureRequested():
            return [_stands(fact.customer_id, "requested", event.recorded_at)]
        case PrivacyRefused() if fact.attempt == ERASE:
            return [_stands(fact.customer_id, "refused", event.recorded_at, fact.possible_on)]
        case ErasureApproved():
            forget = [statement.bindparams(customer=fact.customer_id) for statement in FORGET]
            return [_stands(fact.customer_id, "approved", event.recorded_at), *forget]
        case CustomerErased():
            return [_stands(fact.customer_id, "erased", event.recorded_at)]
        case _:
            return []


def _stands(customer_id: UUID, state: str, at: datetime, possible_on: date | None = None) -> Executable:
    return STANDS.bindparams(customer=customer_id, state=state, possible_on=possible_on, at=at)
