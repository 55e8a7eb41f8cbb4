"""Mails for tests: written, handed to the mail door by SMTP, and read where they were caught."""

import asyncio
import email
import smtplib
from email.message import EmailMessage, Message
from email.policy import default

from aiosmtpd.smtp import Envelope

from services.intake.adapters.smtp_door import mail_door
from tests.support.intake import OWN, OpenIntake

LIMIT = 200_000


def letter(message_id: str, text: str = "My parcel is broken.", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = headers.pop("From", "Ada Lovelace <Ada@Example.com>")
    mail["To"] = OWN.address
    mail["Subject"] = headers.pop("Subject", "Broken parcel")
    mail["Date"] = "Mon, 23 Nov 2026 10:00:00 +0100"
    mail["Message-ID"] = f"<{message_id}>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def put(intake: OpenIntake, mail: bytes | Message, sender: str = "ada@example.com") -> str:
    """Send one mail through the mail door by SMTP and give the server's answer."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()

    async with mail_door(intake.mail_door, "127.0.0.1", 0, LIMIT) as port:

        def send() -> str:
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
                client.ehlo()
                client.mail(sender)
                client.rcpt(OWN.address)
                code, answer = client.data(raw)
                return f"{code} {answer.decode()}"

        return await asyncio.to_thread(send)


def read(caught: Envelope) -> EmailMessage:
    """Read a mail that the catcher got."""
    assert isinstance(caught.content, bytes)
    return email.message_from_bytes(caught.content, _class=EmailMessage, policy=default)


def bounce_of(message_id: str) -> bytes:
    return f"""From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {OWN.address}
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@mx.example>
Date: Mon, 23 Nov 2026 10:00:05 +0100
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ada@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: message/rfc822

From: {OWN.address}
Message-ID: <{message_id}>
Subject: Re: Broken parcel

Thank you for writing to us.
--b--
""".replace("\n", "\r\n").encode()
