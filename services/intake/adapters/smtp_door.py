"""The mail door: an SMTP server that says 250 only when the mail is recorded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session
from opentelemetry.trace import SpanKind

from services.intake.adapters.doors import Taken
from services.intake.adapters.mail_in import MailDoor
from shared.eventstore.database import TRANSIENT
from shared.kernel.errors import RecourseError
from shared.runtime.telemetry import log, span
from shared.runtime.telling import tell

TRY_AGAIN = "451 4.3.0 Not recorded, send it again later"
LONGEST_LINE = 1024 * 1024


class _Server(SMTP):
    """Takes lines of any length that real mail has; RFC 5321's limit of 1,000 is for senders to keep."""

    line_length_limit = LONGEST_LINE


class _Handler:
    def __init__(self, door: MailDoor) -> None:
        self._door = door

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        raw = envelope.original_content or b""
        with span("SMTP DATA", kind=SpanKind.SERVER) as opened:
            opened.set_attribute("messaging.message.body.size", len(raw))
            try:
                taken = await self._door.take(raw, envelope.mail_from)
            except TRANSIENT as error:
                log.warning("mail not recorded", error=tell(error))
                return TRY_AGAIN
            except RecourseError as error:
                log.warning("mail not recorded", error=tell(error))
                return TRY_AGAIN
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the sender must keep the mail
                log.error("mail not recorded", exc_info=error)
                return TRY_AGAIN
        return f"250 2.0.0 Recorded as {taken.message_id if isinstance(taken, Taken) else taken}"


@asynccontextmanager
async def mail_door(door: MailDoor, host: str, port: int, size_limit: int) -> AsyncIterator[int]:
    """Serve SMTP while the context is open; gives the port (a free one when `port` is 0)."""
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return _Server(
            _Handler(door),
            data_size_limit=size_limit,
            enable_SMTPUTF8=True,
            hostname=door.own.domain,
            ident="Recourse",
            loop=loop,
        )

    server = await loop.create_server(connection, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
