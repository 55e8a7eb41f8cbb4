"""What triage does when something happened elsewhere: it reads every message of a customer."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid5

from services.triage.domain.commands import AssessMessage, Command, NewIds
from services.triage.domain.policies.assessment import Said
from shared.contracts.event import Fact, Recorded
from shared.contracts.intake import MessageReceived
from shared.contracts.triage import Reading

Judge = Callable[[Said], Reading]
React = Callable[[Recorded, Fact, datetime], list[Command]]


def make_react(judge: Judge) -> React:
    """Make triage's reactions; `judge` reads a message, and must read the same message the same way."""

    def react(event: Recorded, fact: Fact, now: datetime) -> list[Command]:
        match fact:
            case MessageReceived():
                said = Said(fact.text, fact.channel, fact.received_at, fact.rating, fact.language_hint)
                ids = ids_from(event.event_id)
                return [AssessMessage(fact.case_id, now, fact.message_id, fact.channel, judge(said), ids, fact.received_at)]
            case _:
                return []

    return react


def ids_from(cause: UUID) -> NewIds:
    """Derive the ids of all that may follow from a cause: the same cause gives the same ids."""
    return NewIds(*(uuid5(cause, name) for name in ("request", "boundary", "exception", "appeal")))
