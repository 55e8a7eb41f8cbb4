"""Mails made to keep us busy: each is read in a moment, whatever it repeats."""

import time
from datetime import UTC, datetime

import pytest

from services.intake.channels.channel import Arrival
from services.intake.channels.email import CHANNEL

ARRIVAL = Arrival(datetime(2026, 11, 23, tzinfo=UTC), envelope_from="noreply@x.example")
MANY = 100_000
A_MOMENT = 8.0  # seconds; on an idle machine none takes one
HEAD = b"From: noreply@x.example\nSubject: s\n\n"
PERSON = b"From: a@example.com\n"

MAILS = {
    "dashes": HEAD + b"user unknown\n" + b"- " * MANY,
    "letters": b"From: " + b"x" * MANY + b"\n\nhi",
    "ats": b"From: " + b"x@" * MANY + b"\n\nhi",
    "comments": b"From: " + b"(" * MANY + b"\n\nhi",
    "quotes": b"From: " + b'"' * MANY + b"\n\nhi",
    "addresses": b"From: " + b"a@b.c," * MANY + b"\n\nhi",
    "references": PERSON + b"References: " + b"<a@b>\n " * MANY + b"\n\nhi",
    "encoded words": PERSON + b"Subject: " + b"=?utf-8?q?a?= " * MANY + b"\n\nhi",
    "half words": PERSON + b"Subject: " + b"=?" * MANY + b"\n\nhi",
    "stray lines": b"line of text\n" * MANY + PERSON,
    "parameters": PERSON + b"Content-Type: text/plain; " + b';"' * (MANY // 4) + b"\n\nhi",
    "open tags": PERSON + b"Content-Type: text/html\n\n" + b"<" * MANY,
    "deep tags": PERSON + b"Content-Type: text/html\n\n" + b"<div>" * MANY + b"x",
    "subject": b"From: postmaster@x.example\nSubject: failed " + b"mail " * MANY + b"\n\nhi",
    "many parts": PERSON + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * (MANY // 10) + b"--b--",
    "parts in parts": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (depth, depth) for depth in range(3_000)
    ),
    "mails in mails": PERSON + b"Content-Type: message/rfc822\n\n" * 5_000,
    "date": PERSON + b"Date: " + b"(" * MANY + b"\n\nhi",
    "codes": HEAD + b"RC-" * MANY,
}


@pytest.mark.parametrize("raw", MAILS.values(), ids=list(MAILS))
def test_a_hostile_mail_is_read_in_a_moment(raw: bytes) -> None:
    begun = time.perf_counter()
    read = CHANNEL.parse(raw, ARRIVAL)
    assert time.perf_counter() - begun < A_MOMENT
    assert read.content is not None
    assert read.content.data == raw
