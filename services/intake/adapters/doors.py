"""The path that all doors share: find customer, conversation and case, and record, in one transaction."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.intake.adapters import contents, lookup
from services.intake.adapters.blinding import AS_IT_IS, Blind
from services.intake.adapters.contents import Stored
from services.intake.adapters.load import Load
from services.intake.adapters.lookup import Place, Stands
from services.intake.channels.channel import AttachedFile, Content, InboundMessage
from services.intake.domain.commands import Command, Customer, ReceiveMessage, RecordAgentMessage, Said
from services.intake.domain.policies.identity import conversation_id, message_id
from services.intake.domain.policies.tracking import tracking_code
from services.intake.domain.state import IntakeState
from shared.contracts.values import Attachment, ContentRef
from shared.eventstore.database import Transaction
from shared.eventstore.draft import Provenance
from shared.kernel.errors import Refused, StaleVersion
from shared.runtime.clock import new_id, now
from shared.runtime.shell import Job, Shell
from shared.runtime.telemetry import current_traceparent

ATTEMPTS = 8


class Taken(NamedTuple):
    """Where a message was put. `duplicate` when it was there before, with the same content."""

    case_id: UUID
    tracking_code: str
    message_id: UUID
    conversation_id: UUID
    duplicate: bool


class Sayer(NamedTuple):
    """Who brings a message: the user of the token or the mail door, and by which way."""

    actor: str
    via: str


class Doors:
    """Takes messages in. `detect` gives the language of a first message's text, `blind` look-up values."""

    def __init__(
        self,
        shell: Shell[Command, IntakeState],
        detect: Callable[[str], str],
        load: Load,
        blind: Blind = AS_IT_IS,
    ) -> None:
        self.shell = shell
        self.blind = blind
        self._detect = detect
        self._load = load

    async def take(
        self,
        messages: Sequence[InboundMessage],
        by: Sayer,
        conversation: UUID | None = None,
        answered: UUID | None = None,
    ) -> list[Taken]:
        """Take messages of one conversation, in order, all or none; gives where each was put.

        `conversation` is given where the channel's own key does not name it, `answered` is the message they answer.

        Messages taken before are recognised and change nothing. Raises Refused (409) when a message id comes again
        with other content, StaleVersion when others keep changing the case.
        """
        first = messages[0]
        conversation = conversation or await self.conversation(first.channel, first.conversation_key)
        attempt = code_attempt = 0
        while True:
            try:
                async with self.shell.database.transaction() as tx:
                    taken, committed = await self._take(tx, messages, by, (conversation, answered), code_attempt)
            except asyncpg.UniqueViolationError as error:
                # an address or a code that somebody else took while we looked: look again
                code_attempt += error.constraint_name == "tracking_code_once"
                failure: Exception = error
            except (StaleVersion, asyncpg.DeadlockDetectedError) as error:
                failure = error
            else:
                committed()
                return taken
            attempt += 1
            if attempt == ATTEMPTS:
                raise StaleVersion("others keep changing this conversation", fix="send the message again") from failure
            await asyncio.sleep(random.uniform(0.001, 0.01) * attempt)

    async def conversation(self, channel: str, key: str) -> UUID:
        """Give the id of a conversation by its channel's key; from before there was a vault, the one it has."""
        bare = conversation_id(channel, key)
        if self.blind.bare_ids:
            async with self.shell.database.connection() as tx:
                if await lookup.known_ids(tx.raw, bare, ()):
                    return bare
        return self.blind.conversation(channel, key)

    async def _ids(self, tx: Transaction, messages: Sequence[InboundMessage]) -> list[UUID]:
        bare = [message_id(message.channel, message.dedupe_key) for message in messages]
        known = await lookup.known_ids(tx.raw, bare[0], bare) if self.blind.bare_ids else set()
        keyed = [self.blind.message(message.channel, message.dedupe_key) for message in messages]
        return [before if before in known else its_id for before, its_id in zip(bare, keyed, strict=True)]

    async def _take(
        self,
        tx: Transaction,
        messages: Sequence[InboundMessage],
        by: Sayer,
        thread: tuple[UUID, UUID | None],
        code_attempt: int,
    ) -> tuple[list[Taken], Callable[[], None]]:
        conversation, answered = thread
        ids = await self._ids(tx, messages)
        addresses = list(dict.fromkeys(self._address(message) for message in messages))
        codes = [code for message in messages for code in message.tracking_codes]
        place = await lookup.find_place(tx.raw, conversation, ids, addresses, codes)
        code = place.tracking_code or tracking_code(place.case_id, code_attempt)
        taken: list[Taken] = []
        jobs: list[Job[Command]] = []
        kept: list[Stored] = []
        for message, its_id in zip(messages, ids, strict=True):
            known = place.known.get(its_id)
            if known is None:
                taken.append(Taken(place.case_id, code, its_id, conversation, duplicate=False))
                jobs.append(await self._job(tx, (message, answered), taken[-1], place, by, kept))
                continue
            if known.content_hash != self.blind(message.hash):
                raise Refused(
                    "a message with this id was taken before with other content",
                    field="message_id",
                    fix="send a new message_id for a new message",
                )
            taken.append(Taken(known.case_id, known.tracking_code, its_id, known.conversation_id, duplicate=True))
        if not jobs:
            return taken, _nothing
        work = await self.shell.carry_out(tx, jobs)
        await contents.keep(tx, kept if work.recorded else [])
        return taken, work.committed

    async def _job(
        self,
        tx: Transaction,
        what: tuple[InboundMessage, UUID | None],
        taken: Taken,
        place: Place,
        by: Sayer,
        kept: list[Stored],
    ) -> Job[Command]:
        message, answered = what
        address = self._address(message)
        known = place.customers.get(address)
        who = place.customers[address] = known or new_id()
        customer = Customer(who, message.address_kind, message.address, message.name, new=known is None)
        instant = now()
        stored = [await contents.sealed(self.shell.store.vault, who, one) for one in contents_of(message)]
        kept += stored
        said = said_of(message, customer, taken, answered, [one.ref for one in stored])
        command: Command
        if message.speaker == "agent":
            command = RecordAgentMessage(taken.case_id, instant, taken.tracking_code, said, place.linked_case_id)
        else:
            opens = place.tracking_code is None
            mails = message.channel == "email" and opens
            stands = place.standing.get(customer.customer_id, Stands())
            worded = opens or stands.open_channel is not None  # else nothing is said in their language
            command = ReceiveMessage(
                taken.case_id,
                instant,
                taken.tracking_code,
                said,
                message.language_hint or (self._detect(message.text) if worded else "en"),
                place.linked_case_id,
                place.acknowledged_at,
                await lookup.acknowledged_today(tx.raw, address, instant) if mails else 0,
                self._load.backlog,
                self._load.surging,
                stands.first,
                stands.open_channel,
            )
        return Job(command, provenance(by, message))

    def _address(self, message: InboundMessage) -> lookup.Address:
        return message.address_kind, self.blind(message.address)


def provenance(by: Sayer, message: InboundMessage) -> Provenance:
    """Say where the facts of a message come from."""
    return Provenance(by.actor, by.via, new_id(), traceparent=current_traceparent(), received_at=message.received_at)


def said_of(
    message: InboundMessage, customer: Customer, taken: Taken, answered: UUID | None, stored: Sequence[ContentRef]
) -> Said:
    """Give a channel's message as the rules take it; `stored` name its `contents_of`, in their order."""
    files = stored[1:] if message.content else stored
    return Said(
        message_id=taken.message_id,
        conversation_id=taken.conversation_id,
        channel=message.channel,
        channel_message_id=message.channel_message_id,
        customer=customer,
        text=message.text,
        said_at=message.received_at,
        subject=message.subject,
        language_hint=message.language_hint,
        second_transcript=message.second_transcript,
        duration_ms=message.duration_ms,
        rating=message.rating,
        content=stored[0] if message.content else None,
        attachments=tuple(_attachment(*one) for one in zip(message.attachments, files, strict=True)),
        in_reply_to=answered,
        quiet=message.quiet,
    )


def contents_of(message: InboundMessage) -> list[Content]:
    """Give all bytes that came with a message: the mail itself and its files."""
    own = [message.content] if message.content else []
    return own + [file.content for file in message.attachments]


def _attachment(file: AttachedFile, stored: ContentRef) -> Attachment:
    return Attachment(name=file.name or "file", content=stored)


def _nothing() -> None:
    return None
