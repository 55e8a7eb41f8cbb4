"""What triage does when something happened elsewhere: it reads every message of a customer."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from services.triage.domain.commands import AssessMessage, Command, NewIds
from services.triage.domain.policies.assessment import Said
from shared.contracts.event import Fact, Recorded
from shared.contracts.intake import MessageReceived
from shared.contracts.triage import Reading
from shared.contracts.triage_requests import LookedUpRecord

Judge = Callable[[Said], Reading]
React = Callable[[Recorded, Fact, datetime], list[Command]]


class Prepared(NamedTuple):
    """What was found out about a message before the reaction: how it reads, and the records that it names."""

    reading: Reading
    looked_up: tuple[LookedUpRecord, ...] = ()


def nothing_prepared(_event_id: UUID) -> None:
    """For a triage that asks nobody."""


def make_react(judge: Judge, take: Callable[[UUID], Prepared | None] = nothing_prepared) -> React:
    """Make triage's reactions.

    `judge` reads a message, and must read the same message the same way; `take` gives what was prepared for an event.
    """

    def react(event: Recorded, fact: Fact, now: datetime) -> list[Command]:
        match fact:
            case MessageReceived():
                found = take(event.event_id) or Prepared(judge(said_of(fact)))
                return [
                    AssessMessage(
                        case_id=fact.case_id,
                        now=now,
                        message_id=fact.message_id,
                        channel=fact.channel,
                        reading=found.reading,
                        ids=ids_from(event.event_id),
                        received_at=fact.received_at,
                        looked_up=found.looked_up,
                    )
                ]
            case _:
                return []

    return react


def said_of(fact: MessageReceived) -> Said:
    """Give what a customer said as the rules of assessment take it."""
    return Said(fact.text, fact.channel, fact.received_at, fact.rating, fact.language_hint, fact.second_transcript)


def ids_from(cause: UUID) -> NewIds:
    """Derive the ids of all that may follow from a cause: the same cause gives the same ids."""
    return NewIds(*(uuid5(cause, name) for name in ("request", "boundary", "exception", "appeal")))
