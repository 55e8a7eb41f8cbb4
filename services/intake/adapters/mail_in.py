"""Takes a mail in: a person's goes where it belongs, a machine's is recorded and answered by nobody."""

import asyncio
from uuid import UUID

from services.intake.adapters import contents, lookup
from services.intake.adapters.doors import Doors, Sayer, Taken
from services.intake.adapters.machine_mails import customer_of_mail
from services.intake.channels.channel import Arrival, AutomaticMail, InboundMessage, OwnMail
from services.intake.channels.email import CHANNEL
from services.intake.domain.commands import Command, MarkUndelivered, RecordAutomaticMail
from services.intake.domain.policies.identity import normal_address
from shared.eventstore.draft import Provenance
from shared.kernel.errors import StaleVersion
from shared.runtime.clock import new_id, now
from shared.runtime.shell import Job
from shared.runtime.telemetry import current_traceparent

PARSE_ASIDE_BYTES = 50_000
ATTEMPTS = 5
BY = Sayer("mail-door", "door:email")


class MailDoor:
    """Takes mails in, raw as they came."""

    def __init__(self, doors: Doors, own: OwnMail) -> None:
        self._doors = doors
        self.own = own

    async def take(self, raw: bytes, envelope_from: str | None) -> Taken | UUID:
        """Record a mail; gives where it was put, or the mail id of an automatic mail. It is recorded when this returns.

        `envelope_from` is SMTP's MAIL FROM, empty for the null sender, None when it is not known.
        """
        arrival = Arrival(now(), envelope_from=envelope_from, own=self.own)
        if len(raw) > PARSE_ASIDE_BYTES:
            read = await asyncio.to_thread(CHANNEL.parse, raw, arrival)
        else:
            read = CHANNEL.parse(raw, arrival)
        if isinstance(read, InboundMessage):
            return await self._message(read)
        for attempt in range(ATTEMPTS):
            try:
                return await self._automatic(read)
            except StaleVersion:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    async def _message(self, message: InboundMessage) -> Taken:
        conversation = answered = None
        async with self._doors.shell.database.connection() as tx:
            thread = await lookup.find_thread(tx.raw, message.refs, self._doors.blind)
            if thread is not None:
                conversation, answered = thread
            elif message.tracking_codes:
                case_id = await lookup.find_case(tx.raw, message.tracking_codes)
                # one conversation for all that this address writes about the case it names
                key = f"{case_id} {message.address}"
                conversation = await self._doors.conversation("email", key) if case_id else None
        [taken] = await self._doors.take([message], BY, conversation, answered)
        return taken

    async def _automatic(self, mail: AutomaticMail) -> UUID:
        shell = self._doors.shell
        instant = now()
        its_id = self._doors.blind.mail(mail.dedupe_key)
        by = Provenance(BY.actor, BY.via, new_id(), traceparent=current_traceparent(), received_at=mail.received_at)
        async with shell.database.transaction() as tx:
            ours = await lookup.find_own(tx.raw, mail.about)
            case_id = ours[1] if ours else await lookup.find_case(tx.raw, mail.tracking_codes)
            sender = self._doors.blind(normal_address("email", mail.sender))
            customer_id = await customer_of_mail(tx.raw, ours[0] if ours else None, case_id, sender)
            stored = await contents.sealed(shell.store.vault, customer_id or its_id, mail.content)
            command: Command = RecordAutomaticMail(
                mail_id=its_id,
                now=instant,
                kind=mail.kind,
                channel_message_id=mail.channel_message_id,
                sender=mail.sender,
                subject=mail.subject,
                received_at=mail.received_at,
                content=stored.ref,
                reason=mail.reason,
                status=mail.status,
                about_case_id=case_id,
                about_message_id=ours[0] if ours else None,
                customer_id=customer_id,
            )
            jobs = [Job(command, by)]
            if ours and mail.kind == "bounce":
                reason = f"{mail.status} {mail.reason}" if mail.status else mail.reason
                jobs.append(Job(MarkUndelivered(ours[1], instant, ours[0], 0, reason), by))
            work = await shell.carry_out(tx, jobs)
            await contents.keep(tx, [stored] if work.recorded else [])
        work.committed()
        return its_id
