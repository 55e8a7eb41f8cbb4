"""Reads mail files as bytes and finds out what the envelope must have said."""

import re
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path

from deploy.local.ingest.items import Mail

HEADER_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
HEADERS_SHOWN = 256 * 1024
# A text that merely quotes "From: ... Date: ..." has none of these.
SIGNS_OF_A_MAIL = {b"message-id", b"received", b"return-path", b"mime-version", b"delivered-to", b"x-mailer"}
ADDRESS = re.compile(r"[^\s<>@\"(),:;\[\]\\]+@[^\s<>@\"(),:;\[\]\\]+")
NULL_SENDER = re.compile(rb"\s*<?\s*(MAILER-DAEMON)?\s*>?\s*", re.IGNORECASE)
NOBODY = "unknown@sender.invalid"


def read_mail(path: Path) -> Mail:
    """Read a mail with its envelope's sender: its Return-Path, else the address in From, else a made-up one.

    Only a mail whose Return-Path is empty, or MAILER-DAEMON as some servers write that, goes with the null sender.
    """
    content = path.read_bytes()
    headers = list(header_fields(content))
    paths = [value for name, value in headers if name == b"return-path"]
    if paths:
        return Mail(path, content, "" if NULL_SENDER.fullmatch(paths[0]) else _address(paths[0]) or NOBODY)
    written = next((value for name, value in headers if name == b"from"), b"")
    return Mail(path, content, _address(written) or NOBODY)


def looks_like_a_mail(path: Path) -> bool:
    """Whether a text file is a whole mail with its headers, and not just a body."""
    with path.open("rb") as file:
        names = {name for name, _ in header_fields(file.read(HEADERS_SHOWN))}
    return b"from" in names and bool(names & SIGNS_OF_A_MAIL)


def header_fields(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the names (lower case) and values of the header, folded lines joined; ends where the header ends."""
    name, value = b"", b""
    lines = content[:HEADERS_SHOWN].lstrip().splitlines()
    if lines and lines[0].startswith(b"From "):
        lines = lines[1:]  # an mbox separator
    for line in lines:
        if line[:1] in (b" ", b"\t") and name:
            value += b" " + line.strip()
            continue
        if name:
            yield name, value
        if not HEADER_LINE.match(line):
            return
        name, _, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
    if name:
        yield name, value


def wire_form(content: bytes) -> bytes:
    """The bytes as SMTP carries them: line ends are CRLF, and everything else stays."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", content)


def _address(value: bytes) -> str:
    text = value.decode("utf-8", "replace")
    address = parseaddr(text)[1]
    if ADDRESS.fullmatch(address):
        return address
    found = ADDRESS.search(text)
    return found.group() if found else ""
