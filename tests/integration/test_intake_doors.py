"""The shared path of the doors, on a real database: who, which conversation, which case, and never twice."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.intake.channels.channel import InboundMessage
from services.intake.domain.commands import NoteClosure
from services.intake.tables import index
from shared.contracts.intake import CaseOpened, CustomerIdentified, MessageReceived, MessageSent
from shared.eventstore.draft import Provenance
from shared.kernel.errors import Refused
from shared.runtime.clock import new_id, now
from shared.runtime.shell import Job
from tests.support.backends import MakeServiceDatabase
from tests.support.intake import DOOR, PARTS, OpenIntake, open_intake, said

pytestmark = pytest.mark.backends
TABLES = (
    "SELECT * FROM customer_address ORDER BY 1, 2",
    "SELECT * FROM tracking ORDER BY 1",
    "SELECT * FROM conversation ORDER BY 1",
    "SELECT * FROM message_index ORDER BY 1",
    "SELECT message_id, channel, conversation_id, case_id, version, state FROM outbound ORDER BY 1",
)


@pytest.fixture(scope="module")
async def intake(service_database: MakeServiceDatabase) -> AsyncIterator[OpenIntake]:
    async with open_intake(service_database) as opened:
        yield opened


def words(message_id: str, text: str, address: str = "ada", **more: object) -> dict[str, object]:
    return {"message_id": message_id, "text": text, "sender": {"kind": "handle", "address": address}, **more}


async def test_a_first_message_opens_a_case_and_is_acknowledged_with_its_code(intake: OpenIntake) -> None:
    taken = await intake.take("chat", words("1", "My order came broken."), "first")

    [opened] = [fact for fact in await intake.facts(CaseOpened) if fact.case_id == taken.case_id]
    [answer] = [fact for fact in await intake.facts(MessageSent) if fact.case_id == taken.case_id]
    assert opened.tracking_code == taken.tracking_code
    assert taken.tracking_code in answer.text
    assert answer.purpose == "acknowledgement"
    assert not taken.duplicate


async def test_a_repeat_changes_nothing_and_another_text_under_the_same_id_is_refused(intake: OpenIntake) -> None:
    first = await intake.take("chat", words("1", "Where is my order?"), "repeat")
    again = await intake.take("chat", words("1", "Where is my order?"), "repeat")

    assert again == first._replace(duplicate=True)
    with pytest.raises(Refused, match="other content"):
        await intake.take("chat", words("1", "Where is it?"), "repeat")
    received = [fact for fact in await intake.facts(MessageReceived) if fact.case_id == first.case_id]
    assert len(received) == 1


async def test_later_messages_join_the_case_and_are_not_acknowledged_again(intake: OpenIntake) -> None:
    taken = [await intake.take("chat", words(str(n), f"Message {n}"), "joined") for n in range(5)]

    assert len({one.case_id for one in taken}) == 1
    assert len([fact for fact in await intake.facts(MessageSent) if fact.case_id == taken[0].case_id]) == 1


async def test_many_at_once_open_one_case_and_know_one_customer(intake: OpenIntake) -> None:
    bodies = [said("chat", words(str(n), f"Now {n}", address="racer"), "race") for n in range(8)]
    taken = await asyncio.gather(*(intake.doors.take([body], DOOR) for body in bodies))

    assert len({one[0].case_id for one in taken}) == 1
    known = [fact for fact in await intake.facts(CustomerIdentified) if fact.address == "racer"]
    assert len(known) == 1
    received = [fact for fact in await intake.facts(MessageReceived) if fact.sender == "racer"]
    assert sorted(fact.channel_message_id for fact in received) == [str(n) for n in range(8)]


async def test_one_customer_in_many_conversations_at_once_is_one_customer(intake: OpenIntake) -> None:
    bodies = [said("chat", words("1", "Hello", address="everywhere"), f"room {n}") for n in range(8)]
    taken = await asyncio.gather(*(intake.doors.take([body], DOOR) for body in bodies))

    assert len({one[0].case_id for one in taken}) == 8
    assert len([fact for fact in await intake.facts(CustomerIdentified) if fact.address == "everywhere"]) == 1


async def test_a_batch_is_taken_in_order_and_only_once(intake: OpenIntake) -> None:
    def dialogue() -> list[InboundMessage]:
        speakers = ["customer", "agent", "customer", "agent"]
        return [said("chat", words(str(n), f"Turn {n}", speaker=who), "batch") for n, who in enumerate(speakers)]

    first = await intake.doors.take(dialogue(), DOOR)
    again = await intake.doors.take(dialogue(), DOOR)

    assert [one.duplicate for one in first] == [False] * 4
    assert [one.duplicate for one in again] == [True] * 4
    sent = [fact for fact in await intake.facts(MessageSent) if fact.case_id == first[0].case_id]
    assert [(fact.purpose, fact.delivery) for fact in sent] == [
        ("acknowledgement", "queued"),
        ("agent", "said"),
        ("agent", "said"),
    ]


async def test_a_call_that_the_agent_begins_keeps_every_turn_in_one_case(intake: OpenIntake) -> None:
    caller = {"kind": "phone", "address": "+34 600-111 222"}
    turns = [("agent", "How can I help you?"), ("customer", "I want my money back."), ("agent", "Let me see.")]
    taken = [
        await intake.take("phone", {"message_id": str(n), "text": text, "speaker": who, "sender": caller}, "call-1")
        for n, (who, text) in enumerate(turns)
    ]

    assert len({one.case_id for one in taken}) == 1
    [opened] = [fact for fact in await intake.facts(CaseOpened) if fact.case_id == taken[0].case_id]
    sent = [fact for fact in await intake.facts(MessageSent) if fact.case_id == taken[0].case_id]
    assert opened.channel == "phone"
    assert [fact.purpose for fact in sent] == ["agent", "script", "agent"]
    assert {fact.recipient for fact in sent} == {"+34600111222"}


async def test_a_quoted_code_brings_another_channel_into_the_case(intake: OpenIntake) -> None:
    chat = await intake.take("chat", words("1", "It broke."), "coded")
    web = await intake.take("web", words("w-coded", f"About {chat.tracking_code.lower()}: any news?"))

    assert web.case_id == chat.case_id
    assert web.conversation_id != chat.conversation_id


async def test_the_next_message_after_closing_opens_a_linked_case(intake: OpenIntake) -> None:
    first = await intake.take("chat", words("1", "It broke."), "closed")
    by = Provenance("system:intake", "test", new_id())
    await intake.shell.record(Job(NoteClosure(first.case_id, now(), closed=True, reason="quiet"), by))

    second = await intake.take("chat", words("2", "It broke again."), "closed")
    third = await intake.take("chat", words("3", "Do you hear me?"), "closed")

    assert second.case_id != first.case_id
    assert third.case_id == second.case_id
    [opened] = [fact for fact in await intake.facts(CaseOpened) if fact.case_id == second.case_id]
    assert opened.linked_case_id == first.case_id


async def test_what_was_said_long_ago_keeps_its_time(intake: OpenIntake) -> None:
    taken = await intake.take("chat", words("1", "Old words", said_at="2020-05-25T23:57:33Z"), str(uuid4()))

    [received] = [fact for fact in await intake.facts(MessageReceived) if fact.case_id == taken.case_id]
    assert received.received_at.isoformat() == "2020-05-25T23:57:33+00:00"


async def test_the_tables_follow_from_the_log(intake: OpenIntake, service_database: MakeServiceDatabase) -> None:
    async with intake.shell.database.connection() as tx:
        events = await intake.store.read_all(tx.raw, dict.fromkeys(range(PARTS), 0), 100_000)
    async with open_intake(service_database) as again, again.shell.database.transaction() as tx:
        for event in sorted(events, key=lambda event: event.recorded_at):
            fact = event.fact
            assert fact is not None
            for statement in index(event, fact):
                await tx.run(statement)
        for query in TABLES:
            assert [dict(row) for row in await tx.raw.fetch(query)] == await intake.rows(query)
