"""Takes files in through the doors: dialogues side by side with their turns in order, mails one after another."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Protocol, TypeVar

import httpx

from deploy.local.errors import StackError
from deploy.local.ingest.dialogues import read_dialogues
from deploy.local.ingest.doors import CHANNELS, IN_ONE, DoorRefused, Doors, Patience
from deploy.local.ingest.items import Dialogue, Mail, Problem, Turn
from deploy.local.ingest.mail_door import MailDoor
from deploy.local.ingest.mails import read_mail
from deploy.local.ingest.sources import Sources
from deploy.local.ingest.tally import Tally

AT_ONCE = 16
T = TypeVar("T")
TIMEOUT = httpx.Timeout(60, connect=5)


class Watcher(Protocol):
    """Somebody who looks on."""

    def moved(self, size: int) -> None:
        """Bytes of the files were dealt with."""

    def told(self, problem: Problem) -> None:
        """Something was not taken in."""

    def waiting(self, why: str) -> None:
        """A door is busy or away, and is tried again."""


@dataclass(frozen=True)
class Target:
    """Where the doors are and how one gets in: HTTP base URL and token, SMTP host and port, the mails' recipient."""

    url: str
    token: str
    smtp_host: str
    smtp_port: int
    recipient: str
    patience: Patience = field(default_factory=Patience)


@dataclass
class Ingest:
    """One run over `sources`. `taken` is called with the id that the door gave to each message and mail.

    `in_one` turns of a conversation go in one request, where the channel's door takes several.
    """

    sources: Sources
    watcher: Watcher
    limit: int | None = None
    at_once: int = AT_ONCE
    in_one: int = IN_ONE
    taken: Callable[[str], None] = lambda _message_id: None
    tally: Tally = field(default_factory=Tally)

    def look_through(self) -> Tally:
        """Read everything and send nothing; the tally says what would be sent, as if all were new."""
        for dialogue in self._dialogues():
            self._begin(dialogue)
            for turn in dialogue.turns:
                self.tally.messages[dialogue.channel, turn.body["speaker"], False] += 1
            self.watcher.moved(dialogue.size)
        for mail in self._mails():
            self.tally.mails_accepted += 1
            self.watcher.moved(len(mail.content))
        return self.tally

    async def run(self, target: Target) -> Tally:
        """Take everything in; items that are refused are in the tally and the others go on.

        When a door stays away the run ends early and the tally says so; running it again goes on where it was.
        """
        begun = time.monotonic()
        try:
            async with self._http(target) as doors, asyncio.TaskGroup() as group:
                dialogues = self._dialogues()
                for _ in range(self.at_once):
                    group.create_task(self._post_dialogues(doors, dialogues))
                if self.sources.mails:
                    group.create_task(self._mail(target))
        except* StackError as broken:
            self.tally.broken_off = str(broken.exceptions[0])
        finally:
            self.tally.seconds = time.monotonic() - begun
        return self.tally

    async def _post_dialogues(self, doors: Doors, dialogues: Iterator[Dialogue]) -> None:
        for dialogue in dialogues:
            self._begin(dialogue)
            for turns in batched(dialogue.turns, self.in_one):
                await self._post_turns(doors, dialogue, turns)
                self.watcher.moved(dialogue.size * len(turns) // len(dialogue.turns))

    async def _post_turns(self, doors: Doors, dialogue: Dialogue, turns: tuple[Turn, ...]) -> None:
        try:
            answers = await doors.post(dialogue.channel, dialogue.conversation, [turn.body for turn in turns])
        except DoorRefused as no:
            if len(turns) > 1:  # one of them is refused; the others must not be
                for turn in turns:
                    await self._post_turns(doors, dialogue, (turn,))
            else:
                where = f"{dialogue.where} turn {turns[0].number}"
                self._tell(Problem(where, no.field, no.problem, no.fix))
            return
        for turn, answer in zip(turns, answers, strict=True):
            self.tally.messages[dialogue.channel, turn.body["speaker"], bool(answer["duplicate"])] += 1
            self.taken(str(answer["message_id"]))

    async def _mail(self, target: Target) -> None:
        with MailDoor(
            target.smtp_host, target.smtp_port, target.recipient, target.patience, on_retry=self._waiting
        ) as door:
            for mail in self._mails():
                try:
                    answer = await asyncio.to_thread(door.hand_over, mail)
                except DoorRefused as no:
                    self._tell(Problem(str(mail.path), no.field, no.problem, no.fix))
                    continue
                self.tally.mails_accepted += 1
                self.taken(answer.rpartition(" ")[2])
                self.watcher.moved(len(mail.content))

    def _dialogues(self) -> Iterator[Dialogue]:
        found: Iterable[Dialogue | Problem] = chain.from_iterable(
            read_dialogues(path, CHANNELS) for path in self.sources.dialogues
        )
        for one in islice(found, self.limit):
            if isinstance(one, Problem):
                self._tell(one)
            else:
                yield one

    def _mails(self) -> Iterator[Mail]:
        for path in islice(self.sources.mails, self.limit):
            self.tally.mails += 1
            yield read_mail(path)

    def _begin(self, dialogue: Dialogue) -> None:
        self.tally.dialogues += 1
        self.tally.silent_turns += dialogue.silent

    def _tell(self, problem: Problem) -> None:
        self.tally.problems.append(problem)
        self.watcher.told(problem)

    def _waiting(self, why: str) -> None:
        self.tally.retries += 1
        self.watcher.waiting(why)

    @asynccontextmanager
    async def _http(self, target: Target) -> AsyncIterator[Doors]:
        limits = httpx.Limits(max_connections=self.at_once, max_keepalive_connections=self.at_once)
        headers = {"Authorization": f"Bearer {target.token}"}
        async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=TIMEOUT, limits=limits) as client:
            yield Doors(client, target.patience, self._waiting)


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Give the items in tuples of at most this many."""
    left = iter(items)
    while some := tuple(islice(left, size)):
        yield some
