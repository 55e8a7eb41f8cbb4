"""Erases customers: approval on record, keys destroyed, then said so; every step can be done again after a crash."""

import asyncio
import random
from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from services.intake.adapters.kept_cases import KeptCases
from services.intake.domain.commands import Erase, EraseFromCase, FinishErasure
from services.intake.domain.policies.acknowledgement import IntakeRules
from services.intake.domain.policies.privacy import obstacle
from services.intake.domain.policies.retention import served_on
from services.intake.domain.state import IntakeState
from shared.contracts.event import Recorded
from shared.contracts.intake_privacy import Ground
from shared.eventstore.database import TRANSIENT
from shared.eventstore.draft import Provenance
from shared.kernel.errors import StaleVersion
from shared.runtime.auth import Caller
from shared.runtime.outcome import Outcome, outcome_of
from shared.runtime.shell import Job, Shell
from shared.runtime.telemetry import log
from shared.runtime.telling import tell

EVERY_SECONDS = 30.0
ATTEMPTS = 8
AT_ONCE = 200
BEGUN = "SELECT customer_id FROM erasure WHERE state = 'approved' ORDER BY changed_at LIMIT 200"
ENDED = """
    SELECT customer_id FROM erasure WHERE state IN ('approved', 'erased') AND customer_id > $1
    ORDER BY customer_id LIMIT 200"""
BY = Provenance("system:intake", "erasure", UUID(int=0))


class Keys(Protocol):
    """What an erasure needs of the vault."""

    async def destroy(self, subject: UUID) -> None:
        """Destroy a subject's key for ever; done again, it changes nothing."""

    async def destroyed(self, subjects: Iterable[UUID]) -> set[UUID]:
        """Give those of the subjects whose keys are destroyed."""


class Erasures:
    """Carries erasures out over the log, intake's own tables and the vault.

    The order is: approved on record, from when on the addresses are forgotten and no hold can be placed; keys
    destroyed; erased on record. So nothing says "erased" while a key lives, and what broke off in between is finished
    by `run`.
    """

    def __init__(self, shell: Shell[Any, IntakeState], keys: Keys, rules: IntakeRules) -> None:
        self.cases = KeptCases(shell)
        self._shell = shell
        self._keys = keys
        self._rules = rules

    async def erase(self, customer_id: UUID, ground: Ground, asked_on: date, by: Caller) -> Outcome:
        """Carry out what somebody asked for: a request, a refusal (raises Refused), or the erasure itself."""
        command = await self._command(customer_id, ground, asked_on, (by.name, by.roles))
        outcome = await self._shell.execute(command, by=by)
        own = [event for event in await self.finish(customer_id) if event.stream_id == customer_id]
        finished = outcome_of(customer_id, own)
        return outcome.model_copy(update={"events": [*outcome.events, *finished.events]})

    async def finish(self, customer_id: UUID) -> list[Recorded]:
        """Destroy the keys of a customer whose erasure is approved, and put it on record; else do nothing."""
        keeping = (await self._shell.state(customer_id)).keeping
        approved = keeping.approved
        if approved is None or keeping.erased:
            return []
        cases = await self.cases.of(customer_id)
        await self._destroy(customer_id, approved.mails)
        instant, by = self._shell.now(), BY._replace(correlation_id=self._shell.new_id())
        jobs: list[Job[Any]] = [Job(FinishErasure(customer_id, instant, len(cases)), by)]
        jobs += [Job(EraseFromCase(case.case_id, instant, customer_id, approved.erasure_id), by) for case in cases]
        recorded = await self._record(jobs)
        log.info("customer erased", customer_id=str(customer_id), cases=len(cases))
        return recorded

    async def repair(self) -> int:
        """Finish what broke off after its approval; give how many."""
        async with self._shell.database.connection() as tx:
            begun = [row[0] for row in await tx.raw.fetch(BEGUN)]
        for customer_id in begun:
            await self.finish(customer_id)
        return len(begun)

    async def replay(self) -> int:
        """Destroy again, after the vault was restored from a backup, all keys that were; give of how many customers."""
        last, again = UUID(int=0), 0
        while True:
            async with self._shell.database.connection() as tx:
                ended = [row[0] for row in await tx.raw.fetch(ENDED, last)]
            if not ended:
                return again
            last = ended[-1]
            living = set(ended) - await self._keys.destroyed(ended)
            for customer_id in sorted(living):
                approved = (await self._shell.state(customer_id)).keeping.approved
                await self._destroy(customer_id, approved.mails if approved else ())
            again += len(living)

    async def due(self, limit: int = AT_ONCE) -> list[UUID]:
        """Give customers whose data has served its purpose by now, and against whose erasure nothing stands."""
        calendar = self._rules.calendar
        today = calendar.local_date(self._shell.now())
        retention, found = self._rules.retention, []
        for customer_id in await self.cases.silent_since(retention.no_longer_needed, today, limit):
            command = await self._command(customer_id, "no_longer_needed", today, (BY.actor, retention.roles.approve))
            served = served_on(command.cases, retention, calendar)
            keeping = (await self._shell.state(customer_id)).keeping
            against = obstacle(command, keeping, command.cases, retention, calendar)
            if served is not None and served <= today and against is None:
                found.append(customer_id)
        return found

    async def erase_due(self) -> int:
        """Erase whose data has served its purpose, where the policy says that this needs no request; give how many."""
        if not self._rules.retention.erase_when_due:
            return 0
        roles = self._rules.retention.roles.approve
        today = self._rules.calendar.local_date(self._shell.now())
        found = await self.due()
        for customer_id in found:
            command = await self._command(customer_id, "no_longer_needed", today, (BY.actor, roles))
            await self._shell.record(Job(command, BY._replace(correlation_id=self._shell.new_id())))
            await self.finish(customer_id)
        return len(found)

    async def run(self) -> None:
        """At the start, destroy again what a restored vault brought back; then finish and erase what is due."""
        replayed = False
        while True:
            try:
                if not replayed:
                    await self.replay()
                    replayed = True
                while await self.repair() + await self.erase_due() >= AT_ONCE:
                    pass
            except (StaleVersion, *TRANSIENT) as error:
                log.warning("erasures wait", error=tell(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def _command(
        self, customer_id: UUID, ground: Ground, asked_on: date, who: tuple[str, tuple[str, ...]]
    ) -> Erase:
        cases = tuple(await self.cases.of(customer_id))
        mails = await self.cases.mails_of(customer_id)
        return Erase(
            customer_id, self._shell.now(), *who, self._shell.new_id(), ground, asked_on, cases=cases, mails=mails
        )

    async def _destroy(self, customer_id: UUID, mails: tuple[UUID, ...]) -> None:
        """Destroy all keys of a customer, their own last: where that one is destroyed, all are."""
        for subject in (*mails, customer_id):
            await self._keys.destroy(subject)

    async def _record(self, jobs: list[Job[Any]]) -> list[Recorded]:
        for attempt in range(ATTEMPTS):
            try:
                async with self._shell.database.transaction() as tx:
                    work = await self._shell.carry_out(tx, jobs)
            except StaleVersion:
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(random.uniform(0.002, 0.02) * (attempt + 1))
            else:
                work.committed()
                return work.recorded
        raise AssertionError("unreachable")
