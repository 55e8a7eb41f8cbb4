"""The handler of a deciding service: events become commands, carried out in the consumer's transaction."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Generic, TypeVar

from opentelemetry.trace import SpanKind

from shared.contracts.event import Recorded
from shared.eventstore.database import Transaction
from shared.eventstore.draft import Provenance
from shared.runtime.clock import now
from shared.runtime.rules import Command
from shared.runtime.shell import Job, Shell
from shared.runtime.telemetry import UNKNOWN, span, traceparent_of

C = TypeVar("C", bound=Command)
S = TypeVar("S")


class Reactor(Generic[C, S]):
    """Reacts to batches of events by the rules of one service."""

    def __init__(self, shell: Shell[C, S]) -> None:
        self._shell = shell
        self._owner = shell.rules.charter.owner

    async def handle(self, tx: Transaction, events: Sequence[Recorded]) -> Callable[[], None]:
        """Carry out what follows from the events; the traces of their causes go on in a span each."""
        instant = now()
        jobs: list[Job[C]] = []
        with ExitStack() as spans:
            for event in events:
                jobs += self._jobs(event, instant, spans)
            work = await self._shell.carry_out(tx, jobs) if jobs else None
        return work.committed if work else _nothing

    def _jobs(self, event: Recorded, instant: datetime, spans: ExitStack) -> list[Job[C]]:
        fact = event.fact
        if fact is None:
            UNKNOWN.labels(self._owner, event.type).inc()
            return []
        commands = self._shell.rules.react(event, fact, instant)
        if not commands:
            return []
        opened = spans.enter_context(
            span(
                f"process {event.type}",
                kind=SpanKind.CONSUMER,
                traceparent=event.traceparent,
                case_id=event.stream_id,
                **{
                    "messaging.system": "kafka",
                    "messaging.operation.type": "process",
                    "messaging.destination.name": f"{event.log}.events",
                    "messaging.consumer.group.name": self._owner,
                    "cloudevents.event_id": str(event.event_id),
                    "cloudevents.event_type": event.type,
                },
            )
        )
        by = Provenance(
            actor=f"system:{self._owner}",
            via=f"reaction:{event.type}",
            correlation_id=event.correlation_id,
            causation_id=event.event_id,
            caused_at=event.recorded_at,
            traceparent=traceparent_of(opened),
            received_at=event.received_at,
        )
        return [Job(command, by) for command in commands]


def _nothing() -> None:
    return None
