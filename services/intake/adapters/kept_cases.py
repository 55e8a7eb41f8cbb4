"""The cases that a customer has a part in, as the duties to keep see them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from services.intake.domain.commands import KeptCase
from services.intake.domain.policies.retention import Keep
from services.intake.domain.state import IntakeState
from shared.kernel.errors import NotFound
from shared.runtime.shell import Shell

CASES = """
    SELECT case_id FROM tracking WHERE customer_id = $1
    UNION SELECT m.case_id FROM conversation c JOIN message_index m USING (conversation_id) WHERE c.customer_id = $1
    UNION SELECT case_id FROM took_part WHERE customer_id = $1
    ORDER BY 1"""
SILENT = """
    SELECT t.customer_id FROM tracking t JOIN message_index m USING (case_id) WHERE NOT t.forgotten
    GROUP BY t.customer_id HAVING bool_and(t.closed) AND max(m.recorded_at) FILTER (WHERE m.inbound) < $1
    ORDER BY max(m.recorded_at) LIMIT $2"""
MAILS = """
    SELECT m.mail_id FROM automatic_mail m JOIN customer_address a USING (address)
    WHERE a.customer_id = $1 AND a.address_kind = 'email' ORDER BY 1"""
WAITING = "SELECT customer_id, state, possible_on, changed_at FROM erasure WHERE state IN ('requested', 'refused')"
EARLIEST_YEAR = 1970


class KeptCases:
    """Reads them from intake's own tables and log."""

    def __init__(self, shell: Shell[Any, IntakeState]) -> None:
        self._shell = shell

    async def of(self, customer_id: UUID) -> list[KeptCase]:
        """Give all cases that a customer has a part in; none for somebody unknown."""
        async with self._shell.database.connection() as tx:
            ids = [row[0] for row in await tx.raw.fetch(CASES, customer_id)]
        found = []
        for case_id in ids:
            state = await self._shell.state(case_id)
            spoke = {one.channel for one in state.conversations.values() if one.customer_id == customer_id}
            own = state.customer_id == customer_id
            if state.received_at is not None and (own or spoke):
                last = state.last_at or state.received_at
                channels = tuple(sorted(spoke))
                found.append(KeptCase(case_id, own, state.closed, state.received_at, last, channels, state.regulated))
        return found

    async def required(self, customer_id: UUID) -> list[KeptCase]:
        """Give all cases of a known customer; raises NotFound where nobody has this id."""
        cases = await self.of(customer_id)
        if not cases and (await self._shell.state(customer_id)) == self._shell.rules.decider.initial:
            raise NotFound(
                f"there is no customer {customer_id}", field="customer_id", fix="find the customer by their case"
            )
        return cases

    async def mails_of(self, customer_id: UUID) -> tuple[UUID, ...]:
        """Give the machines' mails from an address of this customer that came before anybody was known by it."""
        async with self._shell.database.connection() as tx:
            return tuple(row[0] for row in await tx.raw.fetch(MAILS, customer_id))

    async def silent_since(self, keep: Keep, today: date, limit: int) -> list[UUID]:
        """Give customers whose cases are all closed, and who wrote nothing for so long; the longest silent first."""
        # Days are counted from the last message on; a day too many here is looked at again by the rules.
        day = today
        while day.year > EARLIEST_YEAR and keep.after(day) > today:
            day -= timedelta(days=1)
        until = datetime.combine(day + timedelta(days=2), time(), UTC)
        async with self._shell.database.connection() as tx:
            return [row[0] for row in await tx.raw.fetch(SILENT, until, limit)]

    async def waiting(self) -> list[dict[str, Any]]:
        """Give the erasures that wait for an approval, or were refused: customer_id, state, possible_on, changed_at."""
        async with self._shell.database.connection() as tx:
            return [dict(row) for row in await tx.raw.fetch(WAITING)]
