"""Mail in and out by real SMTP: nothing accepted is lost, answers thread, and no machine is answered."""

from collections.abc import AsyncIterator

import pytest

from services.intake.adapters.doors import Taken
from services.intake.adapters.smtp_out import MailSender
from services.intake.domain.commands import Command, SendReply
from services.intake.domain.policies.wording import Words
from shared.contracts.intake import (
    AutomaticMailReceived,
    CaseOpened,
    IntakeAttemptRefused,
    MessageDelivered,
    MessageReceived,
    MessageSent,
    MessageUndelivered,
)
from shared.eventstore.draft import Provenance
from shared.runtime.clock import new_id, now
from shared.runtime.shell import Job
from tests.support.backends import MakeServiceDatabase
from tests.support.intake import OWN, OpenIntake, catching, open_intake
from tests.support.mails import LIMIT, bounce_of, letter, put, read

pytestmark = pytest.mark.backends


@pytest.fixture(scope="module")
async def intake(service_database: MakeServiceDatabase) -> AsyncIterator[OpenIntake]:
    async with open_intake(service_database) as opened:
        yield opened


async def received(intake: OpenIntake, message_id: str) -> MessageReceived:
    [fact] = [fact for fact in await intake.facts(MessageReceived) if fact.channel_message_id == message_id]
    return fact


async def test_a_mail_opens_a_case_and_its_acknowledgement_leaves_by_smtp(intake: OpenIntake) -> None:
    answer = await put(intake, letter("round-trip@example.com"))
    got = await received(intake, "round-trip@example.com")
    async with catching() as (catcher, port):
        await intake.outbox(MailSender("127.0.0.1", port, OWN.address)).send_mails()
        mails = [read(one) for one in catcher.mails if one.rcpt_tos == ["ada@example.com"]]

    assert answer.startswith("250 2.0.0")
    [opened] = [fact for fact in await intake.facts(CaseOpened) if fact.case_id == got.case_id]
    [mail] = [mail for mail in mails if mail["In-Reply-To"] == "<round-trip@example.com>"]
    assert opened.tracking_code in mail["Subject"]
    assert mail["References"] == "<round-trip@example.com>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["From"] == OWN.address
    assert "Dear Ada Lovelace," in mail.get_content()
    delivered = [fact.case_id for fact in await intake.facts(MessageDelivered)]
    assert got.case_id in delivered


async def test_the_raw_bytes_are_kept_as_they_came(intake: OpenIntake) -> None:
    long = b"x" * 5_000 + " größer".encode("latin-1")
    raw = b"From: eve@example.com\r\nMessage-ID: <raw@example.com>\r\nSubject: raw\r\n\r\n" + long + b"\r\n.dot\r\n"
    await put(intake, raw)

    got = await received(intake, "raw@example.com")
    assert got.content is not None
    [row] = await intake.rows("SELECT data FROM content WHERE sha256 = $1", got.content.sha256)
    assert row["data"] == raw
    assert got.text.rstrip().endswith("größer\n.dot")


async def test_a_reply_joins_the_case_by_our_message_id(intake: OpenIntake) -> None:
    await put(intake, letter("first@example.com"))
    first = await received(intake, "first@example.com")
    [ours] = [fact for fact in await intake.facts(MessageSent) if fact.case_id == first.case_id]

    await put(intake, letter("second@example.com", In_Reply_To=f"<{ours.message_id}@{OWN.domain}>"))

    second = await received(intake, "second@example.com")
    assert second.case_id == first.case_id
    assert second.conversation_id == first.conversation_id
    assert second.in_reply_to == ours.message_id
    sent = [fact for fact in await intake.facts(MessageSent) if fact.case_id == first.case_id]
    assert sent == [ours]


async def test_a_reply_without_references_joins_by_the_code_in_its_subject(intake: OpenIntake) -> None:
    await put(intake, letter("coded@example.com"))
    first = await received(intake, "coded@example.com")
    [opened] = [fact for fact in await intake.facts(CaseOpened) if fact.case_id == first.case_id]

    await put(intake, letter("later@example.com", Subject=f"news on {opened.tracking_code}?"))

    assert (await received(intake, "later@example.com")).case_id == first.case_id


async def test_the_same_mail_over_another_path_is_one_and_another_text_under_its_id_is_a_second(
    intake: OpenIntake,
) -> None:
    mail = letter("twice@example.com")
    await put(intake, mail)
    await put(
        intake, b"Received: from relay.example by mx.example; Mon, 23 Nov 2026 10:00:01 +0100\r\n" + mail.as_bytes()
    )
    await put(intake, letter("twice@example.com", "Another text under the same Message-ID."))

    facts = [fact for fact in await intake.facts(MessageReceived) if fact.channel_message_id == "twice@example.com"]
    assert len(facts) == 2
    assert len({fact.text for fact in facts}) == 2


async def test_a_bounce_of_our_mail_finds_its_case_and_is_not_answered(intake: OpenIntake) -> None:
    await put(intake, letter("bounced@example.com"))
    got = await received(intake, "bounced@example.com")
    [ours] = [fact for fact in await intake.facts(MessageSent) if fact.case_id == got.case_id]
    before = len(await intake.facts(MessageSent))

    await put(intake, bounce_of(f"{ours.message_id}@{OWN.domain}"), sender="")

    [failed] = [fact for fact in await intake.facts(MessageUndelivered) if fact.case_id == got.case_id]
    assert failed.message_id == ours.message_id
    assert "5.1.1" in failed.reason
    [bounce] = [fact for fact in await intake.facts(AutomaticMailReceived) if fact.about_case_id == got.case_id]
    assert (bounce.kind, bounce.status, bounce.about_message_id) == ("bounce", "5.1.1", ours.message_id)
    assert len(await intake.facts(MessageSent)) == before


async def test_a_mail_that_cannot_be_recorded_is_not_accepted(
    intake: OpenIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_raw: bytes, _sender: str | None) -> Taken:
        raise ConnectionRefusedError("the database is away")

    monkeypatch.setattr(intake.mail_door, "take", away)
    assert (await put(intake, letter("lost@example.com"))).startswith("451 4.3.0")


async def test_a_mail_over_the_limit_is_refused(intake: OpenIntake) -> None:
    assert (await put(intake, letter("huge@example.com", "much\n" * LIMIT))).startswith("552")


async def test_a_list_mail_opens_a_case_that_only_a_person_answers(intake: OpenIntake) -> None:
    await put(intake, letter("listed@example.com", List_Id="<dev.example.com>", Precedence="list"))
    got = await received(intake, "listed@example.com")
    by = Provenance("system:intake", "test", new_id())

    def answer(automatic: bool) -> Job[Command]:
        saying = Words("We are on it.")
        return Job[Command](SendReply(got.case_id, now(), new_id(), "boundary", saying, automatic=automatic), by)

    await intake.shell.record(answer(automatic=True))
    await intake.shell.record(answer(automatic=False))

    sent = [fact for fact in await intake.facts(MessageSent) if fact.case_id == got.case_id]
    refused = [fact for fact in await intake.facts(IntakeAttemptRefused) if fact.case_id == got.case_id]
    assert len(sent) == 1
    assert [fact.reason_code for fact in refused] == ["no_automatic_answer"]


async def test_a_busy_server_is_tried_again_and_a_refusal_is_for_good(intake: OpenIntake) -> None:
    await put(intake, letter("busy@example.com", From="busy@example.com"))
    got = await received(intake, "busy@example.com")
    [ours] = [fact for fact in await intake.facts(MessageSent) if fact.case_id == got.case_id]
    async with catching() as (catcher, port):
        catcher.answers = ["450 4.2.0 greylisted"] * 20
        outbox = intake.outbox(MailSender("127.0.0.1", port, OWN.address))
        await outbox.send_mails()
        [row] = await intake.rows("SELECT state, attempts, due FROM outbound WHERE message_id = $1", ours.message_id)
        assert (row["state"], row["attempts"]) == ("queued", 1)
        assert row["due"] > now()
        assert await outbox.send_mails() == 0

        async with intake.shell.database.connection() as tx:
            await tx.raw.execute("UPDATE outbound SET due = now() WHERE message_id = $1", ours.message_id)
        catcher.answers = ["550 5.7.1 we do not want it"]
        await outbox.send_mails()

    [failed] = [fact for fact in await intake.facts(MessageUndelivered) if fact.case_id == got.case_id]
    assert (failed.attempts, "5.7.1" in failed.reason) == (2, True)
