"""The shell around the rules: load the streams, fold, decide, append, index and set timers, in one transaction."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from shared.contracts.event import Fact, Recorded
from shared.eventstore.database import Database, Transaction
from shared.eventstore.draft import CommandId, Draft, Provenance
from shared.eventstore.seal import ERASED_TEXT
from shared.eventstore.store import Store
from shared.kernel.errors import StaleVersion
from shared.runtime import timers
from shared.runtime.auth import Caller
from shared.runtime.clock import new_id, now
from shared.runtime.outcome import Outcome, outcome_of
from shared.runtime.rules import Command, Rules
from shared.runtime.telemetry import APPENDED, current_traceparent

C = TypeVar("C", bound=Command)
S = TypeVar("S")
STALE_RETRIES = 3
CACHED_STREAMS = 20_000


class Job(NamedTuple, Generic[C]):
    """A command and where it comes from."""

    command: C
    by: Provenance


class Work(NamedTuple):
    """What a unit of work recorded, and what to do when its transaction has committed."""

    recorded: list[Recorded]
    committed: Callable[[], None]


class Shell(Generic[C, S]):
    """Carries out commands of one service.

    Folded states are kept by version; a load brings only what came after, so a long case costs no more than a short
    one and a stale copy cannot be decided on.
    """

    def __init__(self, database: Database, store: Store, rules: Rules[C, S]) -> None:
        self.database = database
        self.store = store
        self.rules = rules
        self.appended = asyncio.Event()
        self._folded: OrderedDict[UUID, tuple[int, S]] = OrderedDict()
        self._erasures = 0
        if store.vault is not None:
            store.vault.on_erased(self._forget)

    @staticmethod
    def now() -> datetime:
        """Give the time for a command."""
        return now()

    @staticmethod
    def new_id() -> UUID:
        """Give a new time-ordered id for a command."""
        return new_id()

    async def state(self, stream_id: UUID) -> S:
        """Give a stream's state as it is recorded now; the initial state for a stream without facts."""
        async with self.database.connection() as tx:
            return (await self._states(tx, {stream_id}))[stream_id][1]

    async def execute(self, command: C, by: Caller, *, on_behalf_of: str | None = None) -> Outcome:
        """Carry out a person's command and give what it recorded.

        Raises Refused when a rule said no (the refusal is on record), StaleVersion when others keep changing the
        stream, ReusedCommandId when the caller's command id was used with other content.
        """
        provenance = Provenance(
            actor=by.name,
            via=by.via,
            correlation_id=by.command.command_id if by.command else new_id(),
            on_behalf_of=on_behalf_of,
            command_id=by.command.command_id if by.command else None,
            traceparent=current_traceparent(),
        )
        return outcome_of(command.stream_id, await self.record(Job(command, provenance), by.command))

    async def record(self, job: Job[C], command_id: CommandId | None = None) -> list[Recorded]:
        """Carry out one job in a transaction of its own, again at most 3 times when its stream moved on."""
        for attempt in range(STALE_RETRIES + 1):
            try:
                async with self.database.transaction() as tx:
                    if command_id is not None:
                        part = self.store.part_of(job.command.stream_id)
                        known = await self.store.recorded_by(tx.raw, part, command_id)
                        if known is not None:
                            return known
                    work = await self.carry_out(tx, [job], command_id)
            except StaleVersion:
                if attempt == STALE_RETRIES:
                    raise
                await asyncio.sleep(random.uniform(0.002, 0.02) * (attempt + 1))
            else:
                work.committed()
                return work.recorded
        raise AssertionError("unreachable")

    async def carry_out(self, tx: Transaction, jobs: Sequence[Job[C]], command_id: CommandId | None = None) -> Work:
        """Carry out jobs, in order, in the given transaction; call the result's `committed` when it has committed."""
        erasures = self._erasures
        states = await self._states(tx, {job.command.stream_id for job in jobs})
        drafts: list[Draft] = []
        facts_of_others: dict[UUID, int] = {}
        decider = self.rules.decider
        for command, by in jobs:
            version, state = states[command.stream_id]
            for fact in decider.decide(command, state):
                stream = fact.stream_id
                if stream == command.stream_id:
                    version += 1
                    state = decider.evolve(state, fact)
                    drafts.append(Draft(new_id(), fact, version, by))
                else:
                    if stream not in facts_of_others:
                        facts_of_others[stream] = await self._version(tx, stream)
                    facts_of_others[stream] += 1
                    drafts.append(Draft(new_id(), fact, facts_of_others[stream], by))
            states[command.stream_id] = (version, state)
        if not drafts:
            if command_id is not None:
                await self.store.remember(tx.raw, jobs[0].command.stream_id, command_id)
            return Work([], lambda: self._keep(states, erasures))
        recorded = await self.store.append(tx.raw, drafts, command=command_id)
        await self._follow(
            tx, [(event, draft.fact) for event, draft in zip(recorded, _in_log_order(self.store, drafts), strict=True)]
        )

        def committed() -> None:
            for event in recorded:
                if ERASED_TEXT in event.body:  # the state that was folded here knows more than the log
                    states.pop(event.stream_id, None)
            self._keep(states, erasures)
            self.appended.set()
            APPENDED.labels(self.rules.charter.owner).inc(len(recorded))

        return Work(recorded, committed)

    async def _follow(self, tx: Transaction, events: Sequence[tuple[Recorded, Fact]]) -> None:
        changes = [change for event, fact in events for change in self.rules.timers(event, fact)]
        if changes:
            await timers.apply(tx.raw, changes)
        for event, fact in events:
            for statement in self.rules.index(event, fact):
                await tx.run(statement)

    async def _states(self, tx: Transaction, streams: set[UUID]) -> dict[UUID, tuple[int, S]]:
        fresh = (0, self.rules.decider.initial)
        states = {stream: self._folded.get(stream, fresh) for stream in streams}
        newer = await self.store.load(tx.raw, {stream: version for stream, (version, _) in states.items()})
        for stream, events in newer.items():
            if events:
                facts = [fact for event in events if (fact := event.fact) is not None]
                states[stream] = (events[-1].version, self.rules.decider.fold(facts, states[stream][1]))
        return states

    async def _version(self, tx: Transaction, stream: UUID) -> int:
        return len((await self.store.load(tx.raw, {stream: 0}))[stream])

    def _forget(self, _subject: UUID | None) -> None:
        """Drop every folded state: any of them may hold words of somebody who was erased."""
        self._erasures += 1
        self._folded.clear()

    def _keep(self, states: dict[UUID, tuple[int, S]], erasures: int) -> None:
        if erasures != self._erasures:
            return
        for stream, state in states.items():
            self._folded[stream] = state
            self._folded.move_to_end(stream)
        while len(self._folded) > CACHED_STREAMS:
            self._folded.popitem(last=False)


def _in_log_order(store: Store, drafts: Sequence[Draft]) -> list[Draft]:
    """Put drafts in the order in which `append` gives them back: by log partition, then as decided."""
    return sorted(drafts, key=lambda draft: store.part_of(draft.fact.stream_id))
