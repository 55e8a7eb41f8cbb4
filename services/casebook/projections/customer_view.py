"""Who is this customer, and by which addresses do we know them? Their cases are those of the case list."""

from collections.abc import Sequence

from services.casebook.projections.projection import Projection
from services.casebook.tables import CUSTOMER, CUSTOMER_ADDRESS
from shared.contracts.event import Recorded
from shared.contracts.intake import CustomerIdentified
from shared.eventstore.readmodel import NOTHING, Change

customer_view = Projection("customer_view", CUSTOMER, CUSTOMER_ADDRESS)


@customer_view.on(CustomerIdentified)
def _identified(event: Recorded, fact: CustomerIdentified) -> Sequence[Change]:
    address: dict[str, object] = {
        "customer_id": fact.customer_id,
        "address_kind": fact.address_kind,
        "address": fact.address,
        "known_since": event.recorded_at,
    }
    name = {"name": fact.name} if fact.name else NOTHING
    return (
        Change(CUSTOMER, (fact.customer_id,), name, least={"known_since": event.recorded_at}),
        Change(CUSTOMER_ADDRESS, (event.log, event.log_part, event.position), address),
    )
