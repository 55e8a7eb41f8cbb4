"""What the topics hold, counted by reading them whole: the measure that doors and read models are compared with."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.topics import declared_topics
from services.casebook.projections.reading import Mark, TopicReader, open_reader
from shared.contracts.event import Recorded
from shared.contracts.intake import (
    AutomaticMailReceived,
    MessageDelivered,
    MessageReceived,
    MessageSent,
    MessageUndelivered,
)
from shared.messaging.topics import TOPICS, owner_of


class Ledger:
    """Counts that grow with `catch_up`; every event is read once and in order.

    `messages` are the ids of all messages and automatic mails on record, `mails_waiting` those of our own mails that
    neither left nor came back, `answered_machines` those of our messages that answer an automatic mail.
    """

    def __init__(self, reader: TopicReader) -> None:
        self.events = 0
        self.by_type: Counter[str] = Counter()
        self.messages_in: Counter[str] = Counter()
        self.messages_out: Counter[str] = Counter()
        self.automatic_mails = 0
        self.messages: set[str] = set()
        self.mails_waiting: set[str] = set()
        self.answered_machines: set[str] = set()
        self._machines: set[str] = set()
        self._reader = reader
        self._marks = {
            (owner_of(topic.name), part): Mark() for topic in declared_topics() for part in range(topic.partitions)
        }

    async def catch_up(self) -> None:
        """Read on to the present ends of all topics; raises TopicGap naming the place when an event is missing."""
        ends = await self._reader.ends(self._marks)
        async for events in self._reader.read(self._marks, ends, by="offset"):
            for event in events:
                self._take(event)

    @property
    def positions(self) -> dict[str, int]:
        """How many events of each source are on its topic."""
        summed: Counter[str] = Counter()
        for (source, _), mark in self._marks.items():
            summed[source] += mark.position
        return dict(summed)

    def _take(self, event: Recorded) -> None:
        self.events += 1
        self.by_type[event.type] += 1
        match event.type:
            case MessageReceived.TYPE:
                fact = _body(event)
                self.messages.add(fact["message_id"])
                self.messages_in[fact["channel"]] += 1
            case MessageSent.TYPE:
                self._take_sent(_body(event))
            case MessageDelivered.TYPE | MessageUndelivered.TYPE:
                self.mails_waiting.discard(_body(event)["message_id"])
            case AutomaticMailReceived.TYPE:
                mail_id = _body(event)["mail_id"]
                self.messages.add(mail_id)
                self._machines.add(mail_id)
                self.automatic_mails += 1

    def _take_sent(self, fact: dict[str, Any]) -> None:
        self.messages.add(fact["message_id"])
        self.messages_out[fact["channel"]] += 1
        if fact["channel"] == "email" and fact["delivery"] == "queued":
            self.mails_waiting.add(fact["message_id"])
        if fact.get("in_reply_to") in self._machines:
            self.answered_machines.add(fact["message_id"])


@asynccontextmanager
async def open_ledger(bootstrap: str) -> AsyncIterator[Ledger]:
    """Lend a ledger of the topics at `bootstrap`, empty until it catches up."""
    async with open_reader(bootstrap, TOPICS) as reader:
        yield Ledger(reader)


def _body(event: Recorded) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(event.body)
    return body
