"""What triage does when something happened elsewhere."""

from uuid import uuid4

from services.triage.domain.commands import AssessMessage
from services.triage.domain.policies.assessment import Said
from services.triage.domain.reactions import make_react
from shared.contracts.followup import CaseClosed
from shared.contracts.intake import MessageReceived, MessageSent
from shared.contracts.triage import Reading
from tests.support.recorded import recorded
from tests.support.triage import CASE, THANKS, TUESDAY, message

heard: list[Said] = []


def judge(said: Said) -> Reading:
    """Remember what was to be read."""
    heard.append(said)
    return THANKS


react = make_react(judge)


def received(**changes: object) -> MessageReceived:
    """Give a customer's message."""
    fields = {
        "case_id": CASE,
        "message_id": message(1),
        "conversation_id": uuid4(),
        "channel": "review",
        "channel_message_id": "r1",
        "customer_id": uuid4(),
        "sender": "bo",
        "text": "Meh.",
        "received_at": TUESDAY,
        "rating": 1,
        "language_hint": "fr",
    }
    return MessageReceived.model_validate({**fields, **changes})


def test_every_message_of_a_customer_is_assessed() -> None:
    heard.clear()
    fact = received()
    (command,) = react(recorded(fact), fact, TUESDAY)
    assert isinstance(command, AssessMessage)
    assert (command.case_id, command.message_id, command.channel, command.reading) == (
        CASE,
        message(1),
        "review",
        THANKS,
    )
    assert heard == [Said("Meh.", "review", TUESDAY, 1, "fr")]


def test_the_same_event_gives_the_same_ids() -> None:
    fact = received()
    first, second = (react(recorded(fact), fact, TUESDAY) for _ in range(2))
    assert first == second


def test_what_we_said_ourselves_is_not_assessed() -> None:
    sent = MessageSent(
        case_id=CASE,
        message_id=message(2),
        conversation_id=uuid4(),
        channel="chat",
        purpose="reply",
        customer_id=uuid4(),
        recipient="bo",
        text="I want a refund",
        said_at=TUESDAY,
        delivery="said",
    )
    closed = CaseClosed(case_id=CASE, reason="quiet")
    assert react(recorded(sent), sent, TUESDAY) == []
    assert react(recorded(closed), closed, TUESDAY) == []


def test_a_second_transcript_is_read_too() -> None:
    heard.clear()
    fact = received(channel="phone", text="refund forty dollars", second_transcript="refund fourteen dollars")
    react(recorded(fact), fact, TUESDAY)
    assert [said.second_transcript for said in heard] == ["refund fourteen dollars"]
