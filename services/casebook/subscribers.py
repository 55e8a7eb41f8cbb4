"""What casebook takes from Kafka: the facts of all four deciding services, in batches, into the live read models."""

from collections.abc import Callable, Sequence
from typing import Annotated

from faststream import Context

from services.casebook import CHARTER
from services.casebook.projections.apply import apply
from services.casebook.projections.search import Search
from shared.contracts.event import REGISTRY, UPCASTERS, Recorded
from shared.eventstore.database import Transaction
from shared.messaging.broker import Events, make_router, subscribe
from shared.runtime.consumer import Consumer
from shared.runtime.telemetry import UNKNOWN

# The more a backlog is taken at once, the more events of a case are folded into one write.
POLLED_AT_ONCE = 2000

router = make_router()


@subscribe(router, CHARTER)
async def on_events(events: Events, consumer: Annotated[Consumer, Context()]) -> None:
    """Take one polled batch to its end; offsets are committed after it."""
    await consumer.handle(events)


class Projector:
    """The handler of a service that only reads: events become rows in the consumer's transaction, sealed as they came.

    Without `search`, cases and customers are found by none of their words.
    """

    def __init__(self, search: Search | None = None) -> None:
        self._search = search

    async def handle(self, tx: Transaction, events: Sequence[Recorded]) -> Callable[[], None]:
        """Bring the live read models up to date with the events."""
        await apply(tx.raw, events, search=self._search)
        unknown = [event.type for event in events if event.type not in REGISTRY and event.type not in UPCASTERS]

        def committed() -> None:
            for name in unknown:
                UNKNOWN.labels(CHARTER.owner, name).inc()

        return committed
