"""Ingest at the mail door, over a real SMTP session: bytes and envelope arrive as they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.errors import StackError
from deploy.local.ingest.doors import DoorRefused, Patience
from deploy.local.ingest.items import Mail
from deploy.local.ingest.mail_door import MailDoor

QUICK = Patience(attempts=3, first=0.0, longest=0.0)
NASTY = b"From: x\r\n\r\n.\r\n..dots\r\n" + b"x" * 3000 + b"\r\n8bit \xff\xfe \xc3\xbc\r\nnul \x00\r\nbare \r here\r\n"


class LongLines(SMTP):
    line_length_limit = 1024 * 1024


class Server:
    """Answers each mail with the next of `answers`, and in the end with 250; keeps what it was given."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.seen: list[tuple[str | None, bytes]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        self.seen.append((envelope.mail_from, envelope.original_content or b""))
        return self.answers.pop(0) if self.answers else "250 2.0.0 Recorded as 42"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[MailDoor]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: LongLines(self, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
        async with server:
            with MailDoor("127.0.0.1", server.sockets[0].getsockname()[1], "care@x.example", QUICK) as door:
                yield door


def mail(content: bytes = b"From: x\n\nhi\n", sender: str = "kim@example.org") -> Mail:
    return Mail(Path("x.eml"), content, sender)


@pytest.mark.parametrize("sender", ["", "kim@example.org", "jdöe@mächine.example"])
async def test_bytes_and_sender_arrive_as_they_are(sender: str) -> None:
    server = Server()
    async with server.listening() as door:
        for content in (NASTY, b"no line end", b""):
            assert await asyncio.to_thread(door.hand_over, mail(content, sender)) == "2.0.0 Recorded as 42"
    named = sender or "<>"
    assert server.seen == [(named, NASTY), (named, b"no line end\r\n"), (named, b"\r\n")]


async def test_a_door_that_could_not_record_is_tried_again() -> None:
    server = Server("451 4.3.0 later", "451 4.3.0 later")
    async with server.listening() as door:
        await asyncio.to_thread(door.hand_over, mail())
    assert len(server.seen) == 3


async def test_a_refused_mail_does_not_keep_the_next_out() -> None:
    server = Server("554 5.6.0 no")
    async with server.listening() as door:
        with pytest.raises(DoorRefused, match="554"):
            await asyncio.to_thread(door.hand_over, mail())
        await asyncio.to_thread(door.hand_over, mail())
    assert len(server.seen) == 2


async def test_a_door_that_stays_away_ends_it_with_a_remedy() -> None:
    async with Server().listening() as door:
        pass
    with pytest.raises(StackError, match="does not answer"):
        await asyncio.to_thread(door.hand_over, mail())
