"""E-mail: raw bytes of any mail, broken ones too, become a message or an automatic mail; replies become mails."""

import hashlib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Literal

from services.intake.channels.automatic import OWN_MARK, Signs, quiet_reason, signs_of, verdict
from services.intake.channels.channel import (
    Arrival,
    AutomaticMail,
    Content,
    InboundMessage,
    OwnMail,
    ReplyContext,
)
from services.intake.channels.mail_body import Body, flat, parse_mail, read_body
from services.intake.channels.mail_headers import addresses, date_of, header, message_ids
from services.intake.domain.policies.identity import normal_address
from services.intake.domain.policies.tracking import codes_in
from shared.contracts.intake import MessageSent

CLOCK_ERROR = timedelta(minutes=5)
MEDIA_TYPE = "message/rfc822"
NO_ADDRESS = "it names no address to answer"
QUOTED_REFS = 20
EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)  # nobody had sent a mail before
# What a fact holds must pass every topic and index; the whole of it is in the mail itself, which is kept.
LONGEST_TEXT = 150_000
LONGEST_LINE = 998
LONGEST_ADDRESS = 320
MOST_FILES = 200


class EmailChannel:
    """Mail in by SMTP, mail out by SMTP."""

    name: Literal["email"] = "email"
    style = "letter"

    def parse(self, content: bytes, arrival: Arrival) -> InboundMessage | AutomaticMail:
        """Read a mail; never raises. Its time is its Date where that is not in the future, else the arrival."""
        mail = parse_mail(content)
        body = read_body(mail)
        seen = signs_of(mail, body, arrival.envelope_from, arrival.own)
        found = verdict(seen)
        message_id = (message_ids(mail, "Message-ID") or [""])[0]
        if len(message_id) > LONGEST_LINE:
            message_id = hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()
        key = _dedupe_key(content, mail, body, message_id)
        codes = codes_in(f"{seen.subject}\n{body.text}")
        kept = Content(content, MEDIA_TYPE)
        received_at = _received_at(mail, arrival)
        if found:
            sender = seen.sender or seen.sender_name or seen.envelope
            return AutomaticMail(
                found.kind, message_id or key, key, _cut(sender, LONGEST_ADDRESS), _cut(seen.subject, LONGEST_LINE),
                received_at, kept, _cut(found.reason, LONGEST_LINE), found.status, found.about, codes,
            )  # fmt: skip
        name, address = _correspondent(mail, seen, arrival.own)
        return InboundMessage(
            channel=self.name,
            channel_message_id=message_id or key,
            dedupe_key=key,
            conversation_key=key,
            address_kind="email" if address else "unknown",
            address=normal_address("email", address) or key,
            name=_cut(name, 200) or None,
            subject=_cut(seen.subject, LONGEST_LINE) or None,
            text=_cut(body.text, LONGEST_TEXT),
            received_at=received_at,
            language_hint=header(mail, "Content-Language").split(",")[0].strip().lower()[:2] or None,
            refs=_refs(mail),
            tracking_codes=codes,
            content=kept,
            attachments=tuple(body.files[:MOST_FILES]),
            quiet=quiet_reason(seen) or (None if address else NO_ADDRESS),
        )

    def compose(self, sent: MessageSent, context: ReplyContext) -> bytes:
        """Write a reply that threads in the customer's mail program and that no machine answers."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = formataddr(("", context.own.address))
        mail["To"] = sent.recipient
        subject = " ".join((sent.subject or "").split())
        mail["Subject"] = (
            subject if context.tracking_code in subject else f"{subject} [{context.tracking_code}]".strip()
        )
        mail["Date"] = format_datetime(sent.said_at)
        mail["Message-ID"] = f"<{own_message_id(sent, context.own)}>"
        refs = _threadable(context.refs)
        if refs:
            mail["In-Reply-To"] = f"<{context.answers if context.answers in refs else refs[-1]}>"
            mail["References"] = " ".join(f"<{ref}>" for ref in refs)
        if context.automatic:
            mail["Auto-Submitted"] = "auto-replied" if refs else "auto-generated"
            mail["X-Auto-Response-Suppress"] = "All"
        mail[OWN_MARK] = f"<{own_message_id(sent, context.own)}>"  # for servers that set a Message-ID of their own
        mail.set_content(sent.text.encode("utf-8", "replace").decode(), cte="quoted-printable")
        return mail.as_bytes()


def own_message_id(sent: MessageSent, own: OwnMail) -> str:
    """Give the Message-ID that our mail carries: our message's id at our domain, so a reply finds its case."""
    return f"{sent.message_id}@{own.domain}"


def _threadable(refs: tuple[str, ...]) -> list[str]:
    """The ids that fit into headers, the first and the latest ones when there are many (RFC 5537, section 3.4.4)."""
    good = [
        ref for ref in dict.fromkeys(refs) if ref.isascii() and ref.isprintable() and " " not in ref and len(ref) < 400
    ]
    return good if len(good) <= QUOTED_REFS else [good[0], *good[1 - QUOTED_REFS :]]


def _dedupe_key(raw: bytes, mail: Message, body: Body, message_id: str) -> str:
    """Name a mail by its Message-ID and what it says: headers that relays add or change are left out.

    A mail with neither Message-ID nor Date is named by its bytes: the same words may have been meant twice.
    """
    date = header(mail, "Date")
    if not message_id and not date:
        return hashlib.sha256(raw).hexdigest()
    said = [header(mail, "From"), date, header(mail, "Subject"), *body.plain, *body.html]
    said += [file.content.sha256 for file in body.files]
    said += [hashlib.sha256(flat(part)).hexdigest() for part in (*body.reports, *body.returned)]
    digest = hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{message_id} {digest}".strip()


def _received_at(mail: Message, arrival: Arrival) -> datetime:
    stated = date_of(mail)
    return stated if stated and EARLIEST <= stated <= arrival.now + CLOCK_ERROR else arrival.now


def _refs(mail: Message) -> tuple[str, ...]:
    """The mails that this one answers, nearest first: In-Reply-To, then References from the last one back."""
    return tuple(dict.fromkeys([*message_ids(mail, "In-Reply-To"), *reversed(message_ids(mail, "References"))]))


def _correspondent(mail: Message, seen: Signs, own: OwnMail) -> tuple[str, str]:
    """Who is answered: Reply-To wins over From, unless it leads to a list, many people or ourselves."""
    wrote = addresses(mail, "From") or addresses(mail, "Sender") or [("", seen.envelope)]
    asked = addresses(mail, "Reply-To")
    shared = {address.lower() for name in ("To", "Cc", "List-Post") for _, address in addresses(mail, name)}
    if len(asked) == 1 and _can_be_reached(asked[0][1]) and asked[0][1].lower() not in shared | {own.address.lower()}:
        name, address = asked[0]
        return name or (wrote[0][0] if wrote[0][1].lower() == address.lower() else ""), address
    name, address = wrote[0]
    return (name, address) if _can_be_reached(address) else (name, "")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _can_be_reached(address: str) -> bool:
    # RFC 2606 keeps .invalid for nobody
    return len(address) <= LONGEST_ADDRESS and "@" in address and not address.lower().endswith(".invalid")


CHANNEL = EmailChannel()
