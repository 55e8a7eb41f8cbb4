"""Sends mail by SMTP and says whether a failure is for good."""

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

TIMEOUT_SECONDS = 30


class Temporary(Exception):
    """The mail may get through later; `code` says why without words that may name the recipient."""

    def __init__(self, told: str, code: str) -> None:
        super().__init__(told)
        self.code = code


class Permanent(Exception):
    """The mail will never get through: the server said so."""


class MailSender:
    """One outgoing mail server."""

    def __init__(self, host: str, port: int, mail_from: str) -> None:
        self._host = host
        self._port = port
        self._mail_from = mail_from

    async def send(self, mail: bytes, recipient: str) -> str:
        """Hand one mail to the server; gives its answer. Raises Temporary or Permanent."""
        client = aiosmtplib.SMTP(hostname=self._host, port=self._port, timeout=TIMEOUT_SECONDS, start_tls=None)
        try:
            async with client:
                options = [] if recipient.isascii() else ["SMTPUTF8"]
                _, answer = await client.sendmail(self._mail_from, [recipient], mail, mail_options=options)
                return answer
        except SMTPRecipientsRefused as error:
            raise _judged(error.recipients[0]) from error
        except (SMTPSenderRefused, SMTPDataError) as error:
            raise _judged(error) from error
        except (SMTPException, OSError, ValueError) as error:
            raise Temporary(f"{type(error).__name__}: {error}", type(error).__name__) from error


def _judged(error: SMTPResponseException) -> Exception:
    told = f"{error.code} {' '.join(str(error.message).split())}"
    return Permanent(told) if 500 <= error.code < 600 else Temporary(told, str(error.code))
