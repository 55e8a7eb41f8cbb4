"""Delivers what was queued: mail by SMTP, chat down the sockets that are connected; the rest waits to be fetched."""

import asyncio
from datetime import timedelta
from uuid import UUID

from opentelemetry.trace import SpanKind

from services.intake.adapters import waiting
from services.intake.adapters.live import LiveConversations
from services.intake.adapters.smtp_out import MailSender, Permanent, Temporary
from services.intake.adapters.waiting import Letter, Waiting
from services.intake.channels.channel import OwnMail, ReplyContext
from services.intake.channels.registry import CHANNELS
from services.intake.domain.commands import Command, MarkDelivered, MarkUndelivered
from services.intake.domain.state import IntakeState
from shared.eventstore.database import TRANSIENT
from shared.kernel.errors import NotFound, StaleVersion
from shared.runtime.clock import now
from shared.runtime.shell import Job, Shell
from shared.runtime.telemetry import log, span
from shared.runtime.telling import tell

LEASE = timedelta(seconds=120)
AT_ONCE = 20
IDLE_SECONDS = 0.2
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=4)
GIVE_UP_AFTER = 24  # attempts, about three days


class Outbox:
    """Delivers until cancelled; several instances share the work, and a crash repeats at most what it was sending."""

    def __init__(
        self, shell: Shell[Command, IntakeState], own: OwnMail, sender: MailSender | None, live: LiveConversations
    ) -> None:
        self._shell = shell
        self._own = own
        self._sender = sender
        self._live = live

    async def run(self) -> None:
        """Deliver what is due, until cancelled."""
        while True:
            try:
                done = await self.send_mails() + await self.push_live()
            except (StaleVersion, *TRANSIENT) as error:
                log.warning("outbox waits", error=tell(error))
                done = 0
            if not done:
                await asyncio.sleep(IDLE_SECONDS)

    async def send_mails(self) -> int:
        """Send the mails that are due; gives how many were tried. Without an outgoing server they wait."""
        if self._sender is None:
            return 0
        letters = await self._claim("email", None)
        for letter in letters:
            await self._send(self._sender, letter)
        return len(letters)

    async def push_live(self) -> int:
        """Send what is due down connected sockets; gives how many were delivered."""
        conversations = self._live.connected()
        letters = await self._claim("chat", conversations) if conversations else []
        for letter in letters:
            text = CHANNELS["chat"].compose(letter.sent, ReplyContext(self._own, letter.code)).decode()
            if await self._live.push(letter.waiting.conversation_id, text):
                await self._delivered(letter, "websocket")
            else:
                await self._put_off(letter.waiting)
        return len(letters)

    async def to_fetch(self, conversation_id: UUID, after: UUID | None, limit: int) -> list[Letter]:
        """Give what a connector is to deliver in a conversation, oldest first.

        With `after`, that message and all before it are recorded as delivered: the connector says it has them.
        Raises NotFound when `after` is no message of ours in this conversation.
        """
        store = self._shell.store
        async with self._shell.database.connection() as tx:
            if after and not await waiting.is_ours(tx.raw, conversation_id, after):
                raise NotFound(f"{after} is no message of ours in this conversation", field="after")
            had = await waiting.up_to(tx.raw, conversation_id, after) if after else []
            for letter in await waiting.letters(tx.raw, had, store):
                await self._delivered(letter, "fetched")
            return await waiting.letters(tx.raw, await waiting.to_fetch(tx.raw, conversation_id, after, limit), store)

    async def _claim(self, channel: str, conversations: list[UUID] | None) -> list[Letter]:
        async with self._shell.database.connection() as tx:
            rows = await waiting.claim(tx.raw, channel, now(), LEASE, AT_ONCE, conversations)
            return await waiting.letters(tx.raw, rows, self._shell.store)

    async def _send(self, sender: MailSender, letter: Letter) -> None:
        one, sent = letter.waiting, letter.sent
        async with self._shell.database.connection() as tx:
            refs = await waiting.refs_of(tx.raw, one, self._own.domain, self._shell.store)
        answers = refs.get(sent.in_reply_to) if sent.in_reply_to else None
        context = ReplyContext(self._own, letter.code, tuple(refs.values()), answers, sent.purpose != "agent")
        mail = CHANNELS["email"].compose(sent, context)
        with span("SMTP send", kind=SpanKind.CLIENT, traceparent=letter.cause.traceparent, case_id=one.case_id):
            try:
                receipt = await sender.send(mail, sent.recipient)
            except Permanent as error:
                await self._undelivered(letter, str(error))
            except Temporary as error:
                if one.attempts >= GIVE_UP_AFTER:
                    await self._undelivered(letter, f"given up after {one.attempts} attempts: {error}")
                else:
                    log.warning("mail not sent yet", case_id=str(one.case_id), attempts=one.attempts, error=error.code)
                    await self._put_off(one)
            else:
                await self._delivered(letter, receipt)

    async def _put_off(self, one: Waiting) -> None:
        wait = min(FIRST_WAIT * 2 ** (one.attempts - 1), LONGEST_WAIT)
        async with self._shell.database.connection() as tx:
            await waiting.put_off(tx.raw, one, now() + wait)

    async def _delivered(self, letter: Letter, receipt: str) -> None:
        one = letter.waiting
        done = MarkDelivered(one.case_id, now(), one.message_id, max(one.attempts, 1), receipt)
        await self._shell.record(Job[Command](done, letter.cause))

    async def _undelivered(self, letter: Letter, reason: str) -> None:
        one = letter.waiting
        failed = MarkUndelivered(one.case_id, now(), one.message_id, one.attempts, reason)
        await self._shell.record(Job[Command](failed, letter.cause))
