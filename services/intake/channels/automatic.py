"""Tells machines' mail from people's: bounces, complaints, vacation replies, receipts, notices and our own loops.

A doubt goes in favour of the person: mail that a person may have written opens a case, if need be without an
automatic answer (`quiet_reason`), since a lost request is worse than an unanswered machine.
"""

import re
from dataclasses import dataclass
from email.message import Message

from services.intake.channels import automatic_signs as signs
from services.intake.channels.channel import OwnMail
from services.intake.channels.delivery_report import DeliveryReport, read_report, report_in_words, returned_ids
from services.intake.channels.mail_body import Body
from services.intake.channels.mail_headers import addresses, header, message_ids, raw_values

OWN_MARK = "X-Recourse-Message"
OWN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@[^@\s]+")
LIST_SERVER = re.compile(r"-(admin|owner|request|bounces)@")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What kind of machine wrote a mail, by which sign, and for reports the status and the mails they are about."""

    kind: str
    reason: str
    status: str | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signs:
    """What the rules look at, read once."""

    mail: Message
    body: Body
    sender: str
    sender_name: str
    subject: str
    null_sender: bool
    envelope: str
    own: OwnMail
    report: DeliveryReport | None


def signs_of(mail: Message, body: Body, envelope_from: str | None, own: OwnMail) -> Signs:
    """Collect what the rules look at; `envelope_from` is SMTP's MAIL FROM, None when it is not known."""
    pairs = addresses(mail, "From") or addresses(mail, "Sender")
    name, address = pairs[0] if pairs else (header(mail, "From").strip("<> "), "")
    return_paths = [value.strip("<> ").lower() for value in raw_values(mail, "Return-Path")]
    envelope = (envelope_from or "").strip("<> ").lower() or (return_paths[0] if return_paths else "")
    null = (envelope_from is not None and not envelope_from.strip("<> ")) or (
        bool(return_paths) and not return_paths[0]
    )
    return Signs(
        mail, body, address.lower(), name.lower(), header(mail, "Subject"), null, envelope, own, read_report(mail, body)
    )


def verdict(seen: Signs) -> Verdict | None:
    """Say which machine wrote the mail, or None when a person may have."""
    for rule in (_own_loop, _provider_notice, _complaint, _bounce, _receipt, _auto_reply, _notice):
        found = rule(seen)
        if found:
            return found
    return None


def quiet_reason(seen: Signs) -> str | None:
    """Say why a person's mail must get no automatic answer; None when it may."""
    for name, pattern, reason in signs.QUIET_HEADERS:
        if any(pattern.search(value) for value in raw_values(seen.mail, name)):
            return reason
    # parcels fail to be delivered too: only a mail system's words make it a report on mail
    if signs.BOUNCE_SUBJECT.search(_without_prefixes(seen.subject)) and signs.MACHINE_REPORT.search(seen.body.text):
        return "it passes on a report of a mail system"
    return None


def _own_loop(seen: Signs) -> Verdict | None:
    marks = [*message_ids(seen.mail, "Message-ID"), *message_ids(seen.mail, OWN_MARK)]
    if any(OWN_ID.fullmatch(mark) and mark.rsplit("@", 1)[1].lower() == seen.own.domain for mark in marks):
        return Verdict("loop", "we sent this mail ourselves")
    # a web form may write in our name, with the customer in Reply-To
    others = [address for _, address in addresses(seen.mail, "Reply-To") if address.lower() != seen.own.address.lower()]
    if seen.own.address and seen.sender == seen.own.address.lower() and not others:
        return Verdict("loop", "it comes from our own address")
    return None


def _provider_notice(seen: Signs) -> Verdict | None:
    notice = signs.JSON_NOTICE.search(seen.body.text)
    if not notice or not signs.NO_REPLY_ADDRESS.search(seen.sender):
        return None
    found = report_in_words(seen.mail, seen.body)
    kind = {"Complaint": "complaint", "Delivery": "delivered", "DeliveryDelay": "delay"}.get(notice[1], "bounce")
    return Verdict(kind, "a mail provider's notice", None if kind == "delivered" else found.status, found.about)


def _complaint(seen: Signs) -> Verdict | None:
    if _report_type(seen.mail) == "feedback-report" or _has_report(seen, "message/feedback-report"):
        return Verdict("complaint", "feedback report (RFC 5965)", about=returned_ids(seen.body))
    if signs.COMPLAINT_SUBJECT.search(seen.subject) and seen.body.returned and not seen.body.text.strip():
        return Verdict("complaint", "complaint with the mail it is about", about=returned_ids(seen.body))
    return None


def _bounce(seen: Signs) -> Verdict | None:
    report = seen.report
    if report:
        return Verdict(report.kind, report.reason, report.status, report.about)
    sign = _bounce_sign(seen)
    if sign is None:
        return None
    found = report_in_words(seen.mail, seen.body)
    return Verdict(found.kind, sign, found.status, found.about)


def _bounce_sign(seen: Signs) -> str | None:
    text = seen.body.text
    if signs.DAEMON_ADDRESS.search(seen.sender) or signs.DAEMON_NAME.search(seen.sender_name):
        return "a mail system is its sender"
    if raw_values(seen.mail, "X-Failed-Recipients"):
        return "it names recipients that failed"
    if raw_values(seen.mail, "X-MLServer") and LIST_SERVER.search(seen.sender):
        return "a list server is its sender"
    by_subject = bool(signs.BOUNCE_SUBJECT.search(seen.subject))
    postmaster = bool(signs.POSTMASTER_ADDRESS.search(seen.sender)) or not seen.sender or "daemon" in seen.envelope
    if by_subject and (postmaster or seen.null_sender):
        return "a report by subject and sender"
    unattended = postmaster or seen.null_sender or bool(signs.UNATTENDED_ADDRESS.search(seen.sender))
    if unattended and signs.BOUNCE_PHRASE.search(text) and _has_evidence(seen):
        return "a report by its words and sender"
    return None


def _has_evidence(seen: Signs) -> bool:
    """Whether the mail shows what it reports on: the mail that came back, or a mail system's own words."""
    text = seen.body.text
    return bool(seen.body.returned or signs.RETURNED_COPY.search(text) or signs.MACHINE_REPORT.search(text))


def _receipt(seen: Signs) -> Verdict | None:
    if _report_type(seen.mail) == "disposition-notification" or _has_report(seen, "message/disposition-notification"):
        return Verdict("receipt", "read receipt (RFC 8098)", about=returned_ids(seen.body))
    return None


def _auto_reply(seen: Signs) -> Verdict | None:
    answered = tuple(message_ids(seen.mail, "In-Reply-To"))
    for value in raw_values(seen.mail, "Auto-Submitted"):
        if value and not value.lower().startswith("no"):
            kind = "auto_reply" if "replied" in value.lower() else "notice"
            return Verdict(kind, f"Auto-Submitted: {value}", about=answered)
    for name, pattern in signs.AUTO_REPLY_HEADERS:
        if any(value and pattern.search(value) for value in raw_values(seen.mail, name)):
            return Verdict("auto_reply", f"{name}: {header(seen.mail, name)}", about=answered)
    if signs.AUTO_REPLY_SUBJECT.search(seen.subject):
        return Verdict("auto_reply", "an answering machine's subject", about=answered)
    return None


def _notice(seen: Signs) -> Verdict | None:
    if seen.null_sender:
        return Verdict("notice", "it was sent with no return path", about=returned_ids(seen.body))
    reply_to = header(seen.mail, "Reply-To").lower().strip("<> ")
    if signs.NO_REPLY_ADDRESS.search(seen.sender) and (not reply_to or signs.NO_REPLY_ADDRESS.search(reply_to)):
        return Verdict("notice", "its sender takes no replies")
    return None


def _report_type(mail: Message) -> str:
    if mail.get_content_type() != "multipart/report":
        return ""
    return str(mail.get_param("report-type") or "").lower()


def _has_report(seen: Signs, kind: str) -> bool:
    return any(part.get_content_type() == kind for part in seen.body.reports)


def _without_prefixes(subject: str) -> str:
    while ":" in subject[:5]:
        subject = subject.split(":", 1)[1].strip()
    return subject
