"""Reads delivery reports: the fields of RFC 3464, or what a free-form bounce says in words."""

import re
from dataclasses import dataclass
from email.message import Message

from services.intake.channels import automatic_signs as signs
from services.intake.channels.mail_body import Body, children
from services.intake.channels.mail_headers import header, message_ids

STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
FAILURE_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
DELAYED = re.compile(r"\b(delay(ed)?|warning|will (be )?re-?tr(y|ied)|still being retried|deferred)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of a mail: kind (bounce, delay or delivered), its enhanced status, and the Message-IDs it may be."""

    kind: str
    reason: str
    status: str | None
    about: tuple[str, ...]


def read_report(mail: Message, body: Body) -> DeliveryReport | None:
    """Read a machine-readable report (RFC 3464); None when the mail holds none."""
    parts = [part for part in body.reports if part.get_content_type() == "message/delivery-status"]
    report_type = str(mail.get_param("report-type") or "").lower()
    declared = mail.get_content_type() == "multipart/report" and report_type in ("delivery-status", "")
    if not parts and not declared:
        return None
    fields = [block for part in parts for block in children(part)]
    actions = {header(block, "Action").lower().split(" ")[0] for block in fields} - {""}
    stated = [found[1] for block in fields for found in STATUS.finditer(header(block, "Status"))]
    worded = report_in_words(mail, body)
    statuses = stated or ([worded.status] if worded.status else [])
    diagnostic = next((header(block, "Diagnostic-Code") for block in fields if header(block, "Diagnostic-Code")), "")
    return DeliveryReport(
        _kind_by_actions(actions) if actions else worded.kind,
        re.sub(r"\s+", " ", diagnostic) or "delivery report (RFC 3464)",
        statuses[0] if statuses else None,
        worded.about,
    )


def report_in_words(mail: Message, body: Body) -> DeliveryReport:
    """Read a report that says in words only what became of a mail."""
    found = FAILURE_STATUS.search(body.text)
    code = REPLY_CODE.search(body.text)
    status = found[1] if found else f"{code[1][0]}.0.0" if code else None
    delayed = DELAYED.search(header(mail, "Subject")) or (status or "").startswith("4")
    return DeliveryReport("delay" if delayed else "bounce", "delivery report in words", status, returned_ids(body))


def returned_ids(body: Body) -> tuple[str, ...]:
    """Give the Message-IDs of the mails that came back inside a report, enclosed ones before those quoted in words."""
    ids = [found for part in body.returned for found in message_ids(part, "Message-ID")]
    for part in body.returned:
        ids += signs.RETURNED_ID.findall(str(part.get_payload()) if isinstance(part.get_payload(), str) else "")
    ids += signs.RETURNED_ID.findall(body.text)
    ids += [first or second for first, second in signs.JSON_MESSAGE_ID.findall(body.text)]
    for file in body.files:
        if file.content.media_type in ("text/rfc822-headers", "message/rfc822", "application/octet-stream"):
            ids += signs.RETURNED_ID.findall(file.content.data[:50_000].decode("ascii", "replace"))
    return tuple(dict.fromkeys(ids))


def _kind_by_actions(actions: set[str]) -> str:
    if actions <= {"delivered", "relayed", "expanded"}:
        return "delivered"
    return "delay" if actions == {"delayed"} else "bounce"
