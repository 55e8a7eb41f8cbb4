"""Which mails a machine wrote, and which only look like it."""

from datetime import UTC, datetime

import pytest

from services.intake.channels.channel import Arrival, AutomaticMail, InboundMessage, OwnMail
from services.intake.channels.email import CHANNEL

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OWN = OwnMail("care@shop.example", "shop.example")


def read(
    *headers: str, body: str = "Hello", sender: str | None = "someone@example.com"
) -> InboundMessage | AutomaticMail:
    raw = "\n".join([*headers, "", body]).encode()
    return CHANNEL.parse(raw, Arrival(NOW, envelope_from=sender, own=OWN))


REPORT = """--b
Content-Type: text/plain

Delivery went as follows.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ada@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; told in words
--b
Content-Type: text/rfc822-headers

Message-ID: <ours@shop.example>
--b--
"""
REPORT_TYPE = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [("failed", "5.1.1", "bounce"), ("delayed", "4.4.1", "delay"), ("delivered", "2.1.5", "delivered")],
)
def test_a_delivery_report_says_what_became_of_which_mail(action: str, status: str, kind: str) -> None:
    mail = read("From: anybody@example.com", REPORT_TYPE, body=REPORT.format(action=action, status=status))
    assert isinstance(mail, AutomaticMail)
    assert (mail.kind, mail.status, mail.about) == (kind, status, ("ours@shop.example",))
    assert mail.reason == "smtp; told in words"


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        (["From: MAILER-DAEMON@mx.example", "Subject: failure notice"], "Hi. This is the qmail-send program", "bounce"),
        (["From: MAILER-DAEMON@mx.example", "Subject: anything"], "550 5.2.2 mailbox full", "bounce"),
        (["From: postmaster@x.example", "Subject: Undeliverable: Your case"], "", "bounce"),
        (["From: a@example.com", "X-Failed-Recipients: b@example.com"], "", "bounce"),
        (["From: no-reply@x.example", "Subject: Mail"],
         "It could not be delivered: mailbox full.\n\n--- The original message ---\nMessage-ID: <ours@shop.example>",
         "bounce"),
        (["From: postmaster@x.example", "Subject: Warning: message 1 delayed 24 hours"], "", "delay"),
        (["From: staff@mail.example", "Subject: complaint about message from 192.0.2.1",
          'Content-Type: multipart/mixed; boundary="b"'],
         "--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@shop.example>\n\nHi\n--b--\n", "complaint"),
        (["From: ada@example.com", "Auto-Submitted: auto-replied (vacation)"], "I am away.", "auto_reply"),
        (["From: ada@example.com", "X-Autoreply: yes"], "I am away.", "auto_reply"),
        (["From: ada@example.com", "Subject: Automatic reply: Your case"], "I am away.", "auto_reply"),
        (["From: ada@example.com", "Subject: Abwesenheitsnotiz: Ihr Vorgang"], "Bin weg.", "auto_reply"),
        (["From: ada@example.com", "Subject: Réponse automatique : votre dossier"], "Absente.", "auto_reply"),
        (["From: ada@example.com", "Subject: 自動返信: 件名"], "不在です。", "auto_reply"),
        (["From: shop@example.com", "Auto-Submitted: auto-generated"], "Your statement.", "notice"),
        (["From: noreply@bank.example", "Subject: Your statement"], "It is ready.", "notice"),
        (["From: ada@example.com",
          'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"'],
         "--b\nContent-Type: text/plain\n\nRead.\n--b--\n", "receipt"),
        (["From: care@shop.example", "Subject: Re: your case"], "Thank you", "loop"),
        (["From: relay@other.example", "Message-ID: <0190a000-0000-7000-8000-00000000000f@shop.example>"], "", "loop"),
        (["From: relay@other.example", "X-Recourse-Message: <0190a000-0000-7000-8000-00000000000f@shop.example>"],
         "Thank you", "loop"),
    ],
)  # fmt: skip
def test_machines_are_known_by_their_signs(headers: list[str], body: str, kind: str) -> None:
    mail = read(*headers, body=body)
    assert isinstance(mail, AutomaticMail)
    assert mail.kind == kind


def test_the_null_sender_is_a_machines() -> None:
    mail = read("From: ada@example.com", "Subject: Hello", sender="")
    assert isinstance(mail, AutomaticMail)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["From: ada@example.com", "Subject: Delivery failed"], "My parcel never came. Where is it?"),
        (["From: ada@example.com", "Subject: Re: Undeliverable parcel"], "It was returned to sender!"),
        (["From: admin@smallshop.example", "Subject: Failed delivery"], "The courier lost it."),
        (["From: Bob <postmaster@example.com>", "Subject: Please call me"], "My order is late."),
        (["From: ada@example.com", "Subject: Out of office chairs?"], "Do you have more of them?"),
        (["From: ada@example.com", "Subject: Vacation"], "I want to cancel my trip."),
        (["From: ada@example.com", "Subject: Re: Automatic reply: hello"], "Are you still away?"),
        (["From: ada@example.com", "Auto-Submitted: no"], "I wrote this myself."),
        (["From: noreply@form.example", "Reply-To: ada@example.com"], "Contact form: my order is late."),
        (["From: care@shop.example", "Reply-To: ada@example.com"], "The web form sends this in our name."),
        (["From: ana@shop.example", "Message-ID: <CAJ2x@shop.example>"], "A colleague has a question."),
        (["From: b@other.example", "X-Recourse-Message: <0190a000-0000-7000-8000-00000000000f@other.example>"],
         "Another company uses Recourse too."),
        (["From: ada@example.com"], "> 550 5.1.1 user unknown\nWhat does this mean?"),
    ],
)  # fmt: skip
def test_people_are_answered_whatever_they_write_about(headers: list[str], body: str) -> None:
    mail = read(*headers, body=body)
    assert isinstance(mail, InboundMessage)
    assert mail.quiet is None


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        (["List-Id: <dev.example.com>"], "Hello all", "mailing list"),
        (["Precedence: bulk"], "Hello", "sent to many"),
        (["List-Unsubscribe: <mailto:x@example.com>"], "News", "sent to many"),
        (["X-Auto-Response-Suppress: OOF, AutoReply"], "Hello", "no automatic answer"),
        (["Subject: Fwd: Returned mail: see transcript"], "> Final-Recipient: rfc822; a@b.example", "report"),
    ],
)
def test_what_a_person_may_have_written_opens_a_case_but_no_machine_answers_it(
    headers: list[str], body: str, why: str
) -> None:
    mail = read("From: ada@example.com", *headers, body=body)
    assert isinstance(mail, InboundMessage)
    assert why in (mail.quiet or "")


def test_a_report_that_a_person_attached_is_a_persons_mail() -> None:
    enclosed = f"{REPORT_TYPE}\n\n{REPORT.format(action='failed', status='5.1.1')}"
    mail = read(
        "From: ada@example.com",
        "Subject: I got this back",
        'Content-Type: multipart/mixed; boundary="o"',
        body=f"--o\n\nWhat is wrong?\n--o\nContent-Type: message/rfc822\n\n{enclosed}\n--o--\n",
    )
    assert isinstance(mail, InboundMessage)
    assert mail.text.strip() == "What is wrong?"
