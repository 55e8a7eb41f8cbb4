"""The mail door as another mail server uses it: SMTP, several mails a session, the bytes as they are."""

import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from deploy.local.errors import StackError
from deploy.local.ingest.doors import DoorRefused, Patience
from deploy.local.ingest.items import Mail
from deploy.local.ingest.mails import wire_form

HELLO = "ingest.invalid"
TIMEOUT_SECONDS = 60


@dataclass
class MailDoor:
    """One SMTP session after another with the door at `host`:`port`; for one thread."""

    host: str
    port: int
    recipient: str
    patience: Patience
    on_retry: Callable[[str], None] = lambda _why: None
    _session: smtplib.SMTP | None = field(default=None, init=False)

    def __enter__(self) -> "MailDoor":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def hand_over(self, mail: Mail) -> str:
        """Give one mail to the door and return what it answered.

        Raises DoorRefused when the door refuses it for good, StackError when it stays busy or away.
        """
        why = ""
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return self._transaction(mail)
            except smtplib.SMTPResponseException as error:
                self._hang_up()
                said = f"{error.smtp_code} {_text(error.smtp_error)}"
                if error.smtp_code >= 500:
                    raise DoorRefused("mail", f"the mail door refused it: {said}", "see why in intake's log") from error
                why = f"the mail door answers again and again: {said}"
            except (OSError, smtplib.SMTPException) as error:
                self._hang_up()
                why = f"the mail door at {self.host}:{self.port} does not answer: {error}"
            self.on_retry(why)
            time.sleep(self.patience.pause(attempt))
        raise StackError(why, "See `recourse status`; then run ingest again, it goes on where it was.")

    def _transaction(self, mail: Mail) -> str:
        session = self._session or self._greet()
        content = wire_form(mail.content)
        options = ["BODY=8BITMIME"] if session.has_extn("8bitmime") and not content.isascii() else []
        if session.has_extn("size"):
            options.append(f"SIZE={len(content)}")
        if not mail.sender.isascii():
            options.append("SMTPUTF8")
            session.command_encoding = "utf-8"
        try:
            _expect(session.docmd("MAIL", f"FROM:<{mail.sender}> {' '.join(options)}".rstrip()), 250)
            _expect(session.docmd("RCPT", f"TO:<{self.recipient}>"), 250)
            return _text(_expect(session.data(content), 250))
        finally:
            session.command_encoding = "ascii"

    def _greet(self) -> smtplib.SMTP:
        session = smtplib.SMTP(self.host, self.port, local_hostname=HELLO, timeout=TIMEOUT_SECONDS)
        self._session = session
        _expect(session.ehlo(), 250)
        return session

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _expect(answer: tuple[int, bytes], code: int) -> bytes:
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)
    return answer[1]


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
