"""What triage takes from Kafka: everything that its charter listens to, in batches."""

from typing import Annotated

from faststream import Context

from services.triage import CHARTER
from shared.messaging.broker import Events, make_router, subscribe
from shared.runtime.consumer import Consumer

router = make_router()


@subscribe(router, CHARTER)
async def on_events(events: Events, consumer: Annotated[Consumer, Context()]) -> None:
    """Take one polled batch to its end; offsets are committed after it."""
    await consumer.handle(events)
