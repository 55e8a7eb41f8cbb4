"""Where and in which language a customer of a case is told something, read from what was said so far."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from services.intake.adapters.blinding import AS_IT_IS, Blind
from services.intake.domain.commands import Told
from services.intake.domain.state import IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import MessageReceived, MessageSent
from shared.kernel.errors import MalformedInput, NotFound
from shared.runtime.shell import Shell

READ = 5  # messages of theirs, the newest, by which their language is judged


class Parties:
    """The people of a case, as its facts show them. `detect` gives the language of a text, `blind` look-up values."""

    def __init__(self, shell: Shell[Any, IntakeState], detect: Callable[[str], str], blind: Blind = AS_IT_IS) -> None:
        self.shell = shell
        self.blind = blind
        self._detect = detect

    async def case(self, case_id: UUID) -> IntakeState:
        """Give a case as it stands; raises NotFound where there is none."""
        state = await self.shell.state(case_id)
        if not state.opened:
            raise NotFound(f"there is no case {case_id}", field="case_id")
        return state

    async def told(self, case_id: UUID, customer_id: UUID) -> Told:
        """Give where a customer wrote last in a case, else where we wrote to them, and in which language they do."""
        state = await self.case(case_id)
        facts = await self.facts(case_id)
        theirs = [fact for fact in facts if isinstance(fact, MessageReceived) and fact.customer_id == customer_id]
        ours = [fact for fact in facts if isinstance(fact, MessageSent) and fact.customer_id == customer_id]
        last = (theirs or ours)[-1:]
        conversation = state.conversations[last[0].conversation_id] if last else None
        return Told(conversation, self.language(theirs), state.tracking_code, state.subject)

    async def require(self, case_id: UUID, customer_id: UUID | None) -> UUID:
        """Give the customer that is meant: the case's own, unless another who has a part in it is named."""
        state = await self.case(case_id)
        assert state.customer_id is not None
        if customer_id is None or customer_id == state.customer_id:
            return state.customer_id
        if all(conversation.customer_id != customer_id for conversation in state.conversations.values()):
            raise MalformedInput(
                f"{customer_id} has no part in this case", field="customer_id", fix="name a customer who wrote in it"
            )
        return customer_id

    async def require_said(self, case_id: UUID, customer_id: UUID, messages: Sequence[UUID]) -> None:
        """Raise MalformedInput unless the customer said all of these messages in the case."""
        facts = await self.facts(case_id)
        said = {f.message_id for f in facts if isinstance(f, MessageReceived) and f.customer_id == customer_id}
        for message in messages:
            if message not in said:
                raise MalformedInput(
                    f"the customer said no message {message} in this case",
                    field="evidence",
                    fix="name messages of theirs, by the ids that the timeline shows",
                )

    def language(self, theirs: Sequence[MessageReceived]) -> str:
        """Judge the language of somebody's messages: by what their channel said, else by their words."""
        newest = theirs[-READ:]
        hints = [fact.language_hint for fact in newest if fact.language_hint]
        return hints[-1] if hints else self._detect(" ".join(fact.text for fact in newest))

    async def facts(self, case_id: UUID) -> list[Fact]:
        """Give all that intake recorded of a case, in order."""
        async with self.shell.database.connection() as tx:
            events = (await self.shell.store.load(tx.raw, {case_id: 0}))[case_id]
        return [fact for event in events if (fact := event.fact) is not None]
