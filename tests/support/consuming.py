"""A consumer of approvals on a fresh database, and a source to feed it from."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.approvals import CHARTER
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.decider import make_decider
from services.approvals.domain.reactions import react
from services.approvals.domain.timers import due, timers
from shared.contracts.approvals import ExceptionRequested
from shared.contracts.event import Fact, Recorded
from shared.contracts.triage import ExceptionProposed
from shared.eventstore.database import Database
from shared.eventstore.store import Store
from shared.runtime.consumer import Consumer
from shared.runtime.reactor import Reactor
from shared.runtime.rules import Rules
from shared.runtime.shell import Shell
from tests.support.source import PARTS, Source

POLICIES = Path(__file__).parents[2] / "policies"
POISON = "poison"


class SourceLog:
    """Stands where the source's HTTP log stands: gives the missing range out of what was recorded."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.asked: list[tuple[int, int, int]] = []

    async def missing(self, source: str, part: int, first: int, last: int) -> list[Recorded]:
        self.asked.append((part, first, last))
        return [e for e in self.events if e.log == source and e.log_part == part and first <= e.position <= last]


class Bench:
    """A consumer of approvals on a fresh database, with a source to feed it from."""

    def __init__(self, database: Database, store: Store) -> None:
        self.database = database
        self.store = store
        self.source = Source("triage")
        self.log = SourceLog()
        self.broken = True
        self.prepared: list[UUID] = []

    async def _prepare(self, events: Sequence[Recorded]) -> None:
        self.prepared += [event.event_id for event in events]

    def _react(self, event: Recorded, fact: Fact, now: datetime) -> Sequence[object]:
        assert event.event_id in self.prepared, "a reaction came before what it needs was asked for"
        if self.broken and isinstance(fact, ExceptionProposed) and fact.reason == POISON:
            raise ValueError("cannot make sense of this")
        return react(event, fact, now)

    def consumer(self) -> Consumer:
        decider = make_decider(load_authority(POLICIES))
        rules = Rules(charter=CHARTER, decider=decider, react=self._react, timers=timers, due=due)  # type: ignore[arg-type] # wraps react
        shell = Shell(self.database, self.store, rules)
        return Consumer(
            "approvals",
            self.database,
            Reactor(shell),
            self.log,  # type: ignore[arg-type] # has the one method that is used
            sources=("triage",),
            parts=PARTS,
            poison_attempts=2,
            prepare=self._prepare,
            opened=self.store.opened,
        )

    def record(self, facts: Sequence[Fact]) -> list[Recorded]:
        recorded = self.source.record(facts)
        self.log.events += recorded
        return recorded

    async def requested(self) -> list[UUID]:
        """The exceptions that approvals has on record, in the order of its log."""
        found = []
        async with self.database.connection() as tx:
            for part in range(PARTS):
                for event in await self.store.read(tx.raw, part, 0, 10_000):
                    fact = event.fact
                    assert isinstance(fact, ExceptionRequested)
                    found.append(fact.exception_id)
        return found


def expected(events: Sequence[Recorded]) -> list[UUID]:
    ordered = sorted(events, key=lambda event: (event.log_part, event.position))
    return [fact.exception_id for event in ordered if isinstance(fact := event.fact, ExceptionProposed)]
