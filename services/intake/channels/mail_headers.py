"""Header lines of mail as it really comes: raw bytes, broken encodings, addresses that no grammar accepts."""

import binascii
import re
from contextlib import suppress
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from services.intake.channels.charsets import decoded, known_codec

ENCODED_WORD = re.compile(r"=\?(?P<charset>[^?\s]+)\?(?P<how>[bqBQ])\?(?P<text>[^?]*)\?=")
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+")
MESSAGE_ID = re.compile(r"<([^<>]+)>")
HEADER_LINE = re.compile(rb"^[\x21-\x39\x3b-\x7e]+[ \t]*:")
WELL_KNOWN = re.compile(rb"^(from|to|subject|date|message-id|content-type|mime-version|received)[ \t]*:", re.IGNORECASE)
LONGEST_VALUE = 16_000
SEARCHED_FOR_ADDRESSES = 1_000
BOM = b"\xef\xbb\xbf"
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")


def mended(raw: bytes) -> bytes:
    """Give a mail whose header block a parser reads to its end: no byte order mark or blank lines before it, no stray
    line inside it, no white space before a colon. Mails that need no mending come back as they are.
    """
    raw = raw.removeprefix(BOM).lstrip(b"\r\n")
    end = re.search(rb"\r?\n\r?\n", raw)
    block = raw[: end.start()] if end else raw
    lines = block.split(b"\n")
    last = max((number for number, line in enumerate(lines) if WELL_KNOWN.match(line)), default=-1)
    fixed = list(lines)
    for number, line in enumerate(lines):
        if HEADER_LINE.match(line):
            fixed[number] = re.sub(rb"^([^:\s]+)[ \t]+:", rb"\1:", line)
        elif not line.startswith((b" ", b"\t")) and not (number == 0 and line.startswith(b"From ")):
            if number > last:
                break  # the body began without a blank line
            fixed[number] = b" " + line if number else b"X-Stray: " + line
    return raw if fixed == lines else b"\n".join(fixed) + raw[len(block) :]


def raw_values(mail: Message, name: str) -> list[str]:
    """Give every value of a header, unfolded, with raw 8-bit bytes read in the body's or the likeliest charset."""
    wanted = name.lower()
    found = [str(value) for key, value in mail.raw_items() if key.lower() == wanted]
    return [_unfolded(value[:LONGEST_VALUE], None if value.isascii() else _body_charset(mail)) for value in found]


def header(mail: Message, name: str) -> str:
    """Give the first value of a header with its encoded words decoded; empty when it is missing."""
    values = raw_values(mail, name)
    return words(values[0]) if values else ""


def words(value: str) -> str:
    """Decode the encoded words (RFC 2047) of a header value; what cannot be decoded stays as it came."""
    if "=?" not in value:
        return value.strip()
    pieces: list[tuple[str, bytes]] = []  # charset and bytes; text outside of encoded words has the charset ""
    last = 0
    for found in ENCODED_WORD.finditer(value):
        between = value[last : found.start()]
        data = _word_bytes(found)
        if data is None:
            continue
        if between.strip() or not pieces:
            pieces.append(("", between.encode("utf-8", "replace")))
        charset = found["charset"].split("*")[0].lower()
        # a character may be cut in two by the border of two words of the same charset
        if pieces[-1][0] == charset:
            pieces[-1] = (charset, pieces[-1][1] + data)
        else:
            pieces.append((charset, data))
        last = found.end()
    pieces.append(("", value[last:].encode("utf-8", "replace")))
    return CONTROL.sub(" ", "".join(decoded(data, charset) for charset, data in pieces)).strip()


def _word_bytes(word: re.Match[str]) -> bytes | None:
    text = word["text"]
    # raw 8-bit letters inside a word were in the word's own charset
    codec = "ascii" if text.isascii() else known_codec(word["charset"].split("*")[0]) or "utf-8"
    written = text.encode(codec, "replace")
    if word["how"] in "qQ":
        return binascii.a2b_qp(written, header=True)
    try:
        return binascii.a2b_base64(written + b"=" * (-len(written) % 4))
    except binascii.Error:
        return None


def addresses(mail: Message, name: str) -> list[tuple[str, str]]:
    """Give the (name, address) pairs of an address header, in order; only those with an address."""
    found: list[tuple[str, str]] = []
    for value in raw_values(mail, name):
        try:
            pairs = [(words(label), address.strip()) for label, address in getaddresses([value])]
        except RecursionError:  # comments in comments in comments
            pairs = []
        good = [(label, address) for label, address in pairs if ADDRESS.fullmatch(address)]
        found += good or [("", address) for address in ADDRESS.findall(words(value)[:SEARCHED_FOR_ADDRESSES])]
    return found


def message_ids(mail: Message, name: str) -> list[str]:
    """Give the Message-IDs of a header without their angle brackets, in order; bare ones are accepted."""
    ids: list[str] = []
    for value in raw_values(mail, name):
        bracketed = MESSAGE_ID.findall(value)
        ids += [found.strip() for found in bracketed] if bracketed else value.replace(",", " ").split()
    return [found for found in ids if found]


def date_of(mail: Message, name: str = "Date") -> datetime | None:
    """Give the time of a date header in UTC; None when it is missing or cannot be read."""
    for value in raw_values(mail, name):
        try:
            stated = parsedate_to_datetime(value)
            return stated.replace(tzinfo=stated.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError, RecursionError):
            continue
    return None


def _unfolded(value: str, hint: str | None) -> str:
    value = re.sub(r"\r?\n(?=[ \t])", "", value).replace("\r", " ").replace("\n", " ")
    if not value.isascii() or "\x1b" in value:
        value = decoded(value.encode("utf-8", "surrogateescape"), None, hint)
    return CONTROL.sub(" ", value).strip()


def _body_charset(mail: Message) -> str | None:
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        for part in mail.walk():
            charset = part.get_content_charset()
            if charset and not charset.startswith(("utf", "us-ascii")):
                return charset
    return None
