"""A mail server that delivers nothing: it keeps each mail as one .eml file, for people and tests to read.

Usage: python -m deploy.mailcatcher --port PORT --mailbox DIRECTORY [--host ADDRESS]
"""

import argparse
import asyncio
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MAIL = 50 * 1024 * 1024


class Mailbox:
    """Writes mails into `directory`; file names sort in order of arrival. A file is whole once it is there."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._last = 0

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> Path:
        """Write one mail, with the envelope in the headers that a delivery adds; returns the file."""
        self._last = max(time.time_ns(), self._last + 1)
        path = self.directory / f"{self._last}.eml"
        unfinished = path.with_suffix(".part")
        delivered = "".join(f"Delivered-To: {recipient}\r\n" for recipient in recipients)
        with unfinished.open("wb") as file:
            file.write(f"Return-Path: <{sender}>\r\n{delivered}".encode())
            file.write(content)
        unfinished.rename(path)
        return path

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail; called by the server."""
        content = envelope.content
        assert isinstance(content, bytes)
        path = self.keep((envelope.mail_from or "").strip("<>"), envelope.rcpt_tos, content)
        return f"250 2.0.0 kept as {path.name}"


async def catch(host: str, port: int, mailbox: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    handler = Mailbox(mailbox)

    def session() -> SMTP:
        return SMTP(handler, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="recourse-catcher", loop=loop)

    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    server = await loop.create_server(session, host, port)
    async with server:
        await stop.wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description="Keep every mail as a file; deliver none.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mailbox", type=Path, required=True)
    given = parser.parse_args()
    asyncio.run(catch(given.host, given.port, given.mailbox))


if __name__ == "__main__":
    main()
