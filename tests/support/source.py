"""Events of another service, as they would come from its topic: right positions, made without that service."""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from shared.contracts.event import Fact, Recorded
from shared.contracts.triage import ExceptionProposed
from shared.contracts.values import ClauseRef
from shared.eventstore.partition import log_part
from shared.runtime.clock import new_id, now

PARTS = 8


class Source:
    """Gives facts their places in a made-up log."""

    def __init__(self, log: str) -> None:
        self.log = log
        self._positions: dict[int, int] = {}
        self._versions: dict[UUID, int] = {}

    def record(self, facts: Iterable[Fact]) -> list[Recorded]:
        """Give the facts as recorded, each after the one before in its log partition."""
        recorded = []
        for fact in facts:
            stream = fact.stream_id
            part = log_part(stream, PARTS)
            self._positions[part] = self._positions.get(part, 0) + 1
            self._versions[stream] = self._versions.get(stream, 0) + 1
            body = fact.body()
            recorded.append(
                Recorded(
                    event_id=new_id(),
                    type=fact.TYPE,
                    log=self.log,
                    log_part=part,
                    position=self._positions[part],
                    stream_kind=fact.STREAM,
                    stream_id=stream,
                    version=self._versions[stream],
                    actor="system:test",
                    on_behalf_of=None,
                    via="test",
                    command_id=None,
                    correlation_id=new_id(),
                    causation_id=None,
                    traceparent=None,
                    recorded_at=now(),
                    received_at=None,
                    body=body,
                    body_hash=sha256(body).digest(),
                    chain_hash=bytes(32),
                )
            )
        return recorded


def case_of(part: int) -> UUID:
    """Give the id of a new case that falls into a log partition."""
    while log_part(case := new_id(), PARTS) != part:
        pass
    return case


def proposed(case_id: UUID, reason: str = "the customer insists") -> ExceptionProposed:
    """Make a proposal that approvals turns into a request for a decision."""
    return ExceptionProposed(
        case_id=case_id,
        exception_id=new_id(),
        request_id=new_id(),
        kind="unfounded_demand",
        clause=ClauseRef(policy="shop", version="1", clause="returns.period", text="Returns within 30 days."),
        deviation="refund in full after the return period",
        reason=reason,
        proposed_by="rules",
        language="en",
    )
