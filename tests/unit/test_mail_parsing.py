"""What is read out of mails as they really come: charsets, broken headers, any tree of parts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.intake.channels.channel import Arrival, AutomaticMail, InboundMessage, OwnMail
from services.intake.channels.email import CHANNEL

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OWN = OwnMail("care@shop.example", "shop.example")
SAMPLES = Path(__file__).parents[2] / "samples" / "emails"


def read(raw: bytes | str) -> InboundMessage:
    data = raw.encode() if isinstance(raw, str) else raw
    message = CHANNEL.parse(data, Arrival(NOW, envelope_from="envelope@example.com", own=OWN))
    assert isinstance(message, InboundMessage)
    return message


def headed(*headers: str, body: str = "Hello") -> str:
    return "\n".join(["From: ada@example.com", *headers, "", body])


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("=?utf-8?q?Gr=C3=B6=C3=9Fe?= falsch", "Größe falsch"),
        ("=?UTF-8?B?w7Y=?= =?UTF-8?B?w6Q=?=", "öä"),
        ("=?utf-8?q?f=C3?= =?utf-8?q?=BCr?=", "für"),
        ("=?iso-8859-1?q?caf=E9?==?iso-8859-1?q?s?=", "cafés"),
        ("=?unknown-charset?q?caf=C3=A9?=", "café"),
        ("=?utf-8?b?w7Zz?", "=?utf-8?b?w7Zz?"),
        ("=?gb2312?b?xOO6ww==?=", "你好"),
        ("folded\n subject", "folded subject"),
        ("", None),
    ],
)
def test_subjects_are_decoded_as_their_writers_meant_them(written: str, subject: str | None) -> None:
    assert read(headed(f"Subject: {written}")).subject == subject


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("Größe".encode(), "Größe"),
        ("Größe".encode("latin-1"), "Größe"),
        ("Возврат денег за заказ".encode("koi8-r"), "Возврат денег за заказ"),
        ("返品したいです。".encode("iso2022_jp"), "返品したいです。"),
    ],
    ids=["utf-8", "latin-1", "koi8-r", "iso-2022-jp"],
)
def test_raw_bytes_in_headers_are_read_by_their_likeliest_charset(raw: bytes, subject: str) -> None:
    assert read(b"From: a@example.com\nSubject: " + raw + b"\n\nHello").subject == subject


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("iso-8859-1", "zurück".encode("latin-1")),
        ("us-ascii", "zurück".encode()),
        ("utf-8", "zurück".encode("cp1252")),
        ("x-unknown", "zurück".encode("cp1252")),
        ("nonsense", "zurück".encode()),
        ("ANSI_X3.4-1968", "zurück".encode()),
    ],
)
def test_words_survive_a_missing_or_wrong_charset(charset: str, raw: bytes) -> None:
    head = f"From: a@example.com\nContent-Type: text/plain; charset={charset}\n\nGeld ".encode()
    assert read(head + raw).text == "Geld zurück"


def test_html_alone_is_read_as_its_reader_sees_it() -> None:
    html = "<style>p {color: red}</style><p>My order&nbsp;is <b>late</b>.</p><p>Call me!</p><script>x()</script>"
    text = read(headed("Content-Type: text/html; charset=utf-8", body=html)).text
    assert [line for line in text.split("\n") if line.strip()] == ["My order is late.", "Call me!"]


MIXED = """From: ada@example.com
Message-ID: <tree@example.com>
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain

In words.

--a
Content-Type: text/html

<p>In <b>HTML</b>.</p>

--a--
--m
Content-Type: image/png; name="../../evil\\\\torn.png"
Content-Disposition: attachment
Content-Transfer-Encoding: base64

iVBORw0KGgo=

--m
Content-Type: text/plain

Sent from my phone
--m
Content-Type: message/rfc822

From: shop@example.com
Subject: Your order

We sent it.
--m--
"""


def test_words_and_files_are_found_in_any_tree_of_parts() -> None:
    message = read(MIXED)
    assert message.text.split() == ["In", "words.", "Sent", "from", "my", "phone"]
    assert [file.name for file in message.attachments] == ["torn.png", "message.eml"]
    assert message.attachments[0].content.data == b"\x89PNG\r\n\x1a\n"
    assert message.content is not None
    assert message.content.data == MIXED.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n\n",
        b"no header at all",
        b"From: a@example.com",
        b"From: a@example.com\nContent-Type: multipart/mixed\n\nno boundary",
        b'From: a@example.com\nContent-Type: multipart/mixed; boundary="x"\n\nnever begun',
        b"From: a@example.com\nContent-Transfer-Encoding: base64\n\n!!!! not base64 !!!!",
        b"From: a@example.com\nContent-Type: text/html; charset=utf-16\n\n<p>\xff",
        b"From: a@example.com\nContent-Type: text/plain; charset*=x''y\n\nhello",
        b"From: a@example.com\nDate: yesterday\nMessage-ID: <>\nReferences: ,,\n\nhello",
        b"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nhello",
        b"From: a@example.com\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\nnonsense",
    ],
    ids=range(12),
)
def test_broken_mails_are_read_all_the_same(raw: bytes) -> None:
    read_as = CHANNEL.parse(raw, Arrival(NOW, own=OWN))
    assert read_as.received_at == NOW
    assert read_as.dedupe_key


def test_stray_lines_in_the_header_do_not_end_it() -> None:
    raw = b"\xef\xbb\xbf\r\nReceived: by x\r\nquite stray\r\nSubject : Torn\r\nFrom: ada@example.com\r\n\r\nHello"
    message = read(raw)
    assert (message.subject, message.address, message.text) == ("Torn", "ada@example.com", "Hello")


@pytest.mark.parametrize(
    ("headers", "address", "name"),
    [
        (["From: Ada Lovelace <Ada@Example.COM>"], "ada@example.com", "Ada Lovelace"),
        (['From: "Lovelace, Ada" <ada@example.com>'], "ada@example.com", "Lovelace, Ada"),
        (["From: =?utf-8?q?J=C3=BCrgen?= <j@example.com>"], "j@example.com", "Jürgen"),
        (["From: form@shop.example", "Reply-To: ada@example.com"], "ada@example.com", None),
        (["From: ada@example.com", "Reply-To: care@shop.example"], "ada@example.com", None),
        (["From: ada@example.com", "To: dev@lists.example", "Reply-To: dev@lists.example"], "ada@example.com", None),
        (["From: ada@@example.com <broken ada@example.com"], "ada@example.com", None),
        (["Sender: ada@example.com"], "ada@example.com", None),
        (["Subject: no sender"], "envelope@example.com", None),
    ],
)
def test_the_customer_is_who_wants_the_answer(headers: list[str], address: str, name: str | None) -> None:
    message = read("\n".join([*headers, "", "Hello"]))
    assert (message.address, message.name, message.quiet) == (address, name, None)


def test_a_mail_from_nobody_is_kept_and_not_answered() -> None:
    message = CHANNEL.parse(b"Subject: hello\n\nMy order is late.", Arrival(NOW, own=OWN))
    assert isinstance(message, InboundMessage)
    assert message.address_kind == "unknown"
    assert message.quiet == "it names no address to answer"


def test_its_time_is_its_date_unless_that_lies_ahead() -> None:
    stated = read(headed("Date: Mon, 23 Nov 2026 09:00:00 +0100"))
    ahead = read(headed("Date: Mon, 23 Nov 2027 09:00:00 +0100"))
    assert stated.received_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert ahead.received_at == NOW


def test_what_is_too_long_for_a_fact_stays_whole_in_the_mail_itself() -> None:
    long = "x" * 400_000
    raw = headed(f"Subject: {long}", f"Message-ID: <{long}@x>", body=long)
    message = read(raw)
    assert message.content is not None
    assert message.content.data == raw.encode()
    assert len(message.text) == 150_000
    assert len(message.subject or "") < 1_000
    assert len(message.channel_message_id) < 1_000
    assert read(raw + "y").dedupe_key != message.dedupe_key


def test_an_address_that_no_index_could_hold_is_not_answered() -> None:
    message = CHANNEL.parse(f"From: {'x' * 5_000}@example.com\n\nHello".encode(), Arrival(NOW, own=OWN))
    assert isinstance(message, InboundMessage)
    assert message.address_kind == "unknown"


def test_the_mails_it_answers_come_nearest_first() -> None:
    message = read(headed("In-Reply-To: <c@x>", "References: <a@x> <b@x>\n <c@x>"))
    assert message.refs == ("c@x", "b@x", "a@x")


def test_trace_headers_do_not_make_another_mail_but_words_do() -> None:
    mail = headed("Message-ID: <1@x>", "Date: Mon, 23 Nov 2026 09:00:00 +0100")
    assert read(mail).dedupe_key == read(f"Received: by relay\nX-Spam: no\n{mail}").dedupe_key
    assert read(mail).dedupe_key != read(mail + " again").dedupe_key


@pytest.mark.parametrize("path", sorted((SAMPLES / "people").glob("*.eml")), ids=lambda path: path.stem)
def test_sample_mails_of_people_are_messages(path: Path) -> None:
    message = CHANNEL.parse(path.read_bytes(), Arrival(NOW, own=OWN))
    assert isinstance(message, InboundMessage)
    assert message.text.strip() or message.attachments
    assert message.quiet is None


@pytest.mark.parametrize("path", sorted((SAMPLES / "machines").glob("*.eml")), ids=lambda path: path.stem)
def test_sample_mails_of_machines_are_automatic(path: Path) -> None:
    assert isinstance(CHANNEL.parse(path.read_bytes(), Arrival(NOW, own=OWN)), AutomaticMail)
