"""The words and files of a mail, whatever tree of parts it is."""

import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from io import BytesIO

from inscriptis import get_text
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError

from services.intake.channels.channel import AttachedFile, Content
from services.intake.channels.charsets import decoded
from services.intake.channels.mail_headers import header, mended, words

HTML_CONFIG = ParserConfig(css=STRICT_CSS_PROFILE.copy())
DEEPEST = 40
LONGEST_NAME = 255


@dataclass(slots=True)
class Body:
    """What a mail says: `plain` and `html` in reading order (html already as text), and its files."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[AttachedFile] = field(default_factory=list)
    reports: list[Message] = field(default_factory=list)
    returned: list[Message] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words to read: the plain parts, or the text of the HTML parts where there is no plain word."""
        plain = "\n".join(piece for piece in self.plain if piece.strip())
        return plain if plain.strip() else "\n".join(piece for piece in self.html if piece.strip())


def parse_mail(raw: bytes) -> Message:
    """Parse a mail; one whose parts are nested beyond all sense is read as headers and one text."""
    raw = mended(raw)
    try:
        return message_from_bytes(raw)
    except RecursionError:
        return BytesHeaderParser().parsebytes(raw)


def read_body(mail: Message) -> Body:
    """Collect words and files of a parsed mail; never raises, however broken the mail is."""
    body = Body()
    _collect(mail, body, 0)
    if not body.text.strip() and not body.files and not body.reports:
        body.plain.append(_unparsed(mail))
    return body


def _unparsed(mail: Message) -> str:
    """The words of a mail whose parts are so broken that none could be read."""
    raw = flat(mail)
    start = raw.find(b"\n\n")
    return decoded(raw[start:], None).strip() if start >= 0 else ""


def _collect(part: Message, body: Body, depth: int) -> None:
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind.startswith("message/") and isinstance(payload, list):
        _enclosed(part, children(part), kind, body)
    elif isinstance(payload, list) and depth < DEEPEST:
        for child in children(part):
            _collect(child, body, depth + 1)
    elif kind == "text/rfc822-headers":
        body.returned.append(part)
    elif _is_file(part, kind):
        body.files.append(AttachedFile(_file_name(part), Content(_bytes_of(part), kind)))
    elif kind == "text/html":
        body.html.append(html_to_text(_text_of(part)))
    else:
        body.plain.append(_text_of(part))


def _enclosed(part: Message, payload: list[Message], kind: str, body: Body) -> None:
    if kind in ("message/delivery-status", "message/feedback-report", "message/disposition-notification"):
        body.reports.append(part)
        return
    body.returned.extend(payload[:1])
    name = _file_name(part) or "message.eml"
    body.files.append(AttachedFile(name, Content(b"".join(flat(child) for child in payload), kind)))


def children(part: Message) -> list[Message]:
    """Give the parts directly inside a part; none when it has words instead."""
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _is_file(part: Message, kind: str) -> bool:
    if kind.startswith("message/"):
        return False  # a report or mail that did not parse as one is words
    named = bool(_file_name(part))
    if not kind.startswith("text/") and not kind.startswith("multipart/"):
        return True
    disposition = header(part, "Content-Disposition").lower()
    return disposition.startswith("attachment") or (named and kind not in ("text/plain", "text/html"))


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        name = ""
    name = words(name)
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip()[:LONGEST_NAME]


def _bytes_of(part: Message) -> bytes:
    encoding = header(part, "Content-Transfer-Encoding")
    if encoding:
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = encoding.split()[0].strip(";,\"'")
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    if isinstance(data, bytes):
        return data
    return str(part.get_payload()).encode("utf-8", "surrogateescape")


def _text_of(part: Message) -> str:
    charset = part.get_param("charset")
    label = charset[2] if isinstance(charset, tuple) else charset
    text = decoded(_bytes_of(part), label)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def html_to_text(html: str) -> str:
    """Give the words of an HTML mail in lines as a reader sees them; styles and scripts are left out."""
    html = re.sub(r"^\s*<\?xml[^>]*\?>", "", html)
    if not html.strip():
        return ""
    try:
        return str(get_text(html, HTML_CONFIG)).strip()
    except (LxmlError, ValueError, RecursionError):
        return re.sub(r"<[^<>]*>", " ", html).strip()


def flat(mail: Message) -> bytes:
    """Write a parsed mail back to bytes without changing its lines."""
    out = BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, policy=compat32).flatten(mail)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return str(mail.get_payload()).encode("utf-8", "surrogateescape")
    return out.getvalue()
