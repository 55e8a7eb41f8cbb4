"""What every channel keeps to, run over the registry: a new channel is tested by being registered."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.intake.channels.channel import Arrival, AutomaticMail, Channel, InboundMessage, OwnMail, ReplyContext
from services.intake.channels.registry import CHANNELS, SAID, STYLES
from services.intake.channels.said import DoorMessage
from services.intake.domain.policies.identity import conversation_id, message_id
from services.intake.domain.policies.wording import Wording
from shared.contracts.intake import MessageReceived, MessageSent
from shared.kernel.errors import MalformedInput
from shared.runtime.clock import new_id

SAMPLES = Path(__file__).parent / "samples" / "channels"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OWN = OwnMail("care@shop.example", "shop.example")
ARRIVAL = Arrival(NOW, conversation_key="conversation-1", own=OWN)
CODE = "RC-7F3K-9QXD"
every_channel = pytest.mark.parametrize("channel", CHANNELS.values(), ids=list(CHANNELS))


def sample(channel: Channel) -> bytes:
    """The channel's sample file, whatever its ending."""
    [path] = SAMPLES.glob(f"{channel.name}.*")
    return path.read_bytes()


def parsed(channel: Channel) -> InboundMessage:
    message = channel.parse(sample(channel), ARRIVAL)
    assert isinstance(message, InboundMessage)
    return message


def answer(channel: Channel, text: str = "We have found your parcel: größer, 大, fine.") -> MessageSent:
    return MessageSent(
        case_id=new_id(),
        message_id=new_id(),
        conversation_id=new_id(),
        channel=channel.name,
        purpose="boundary",
        customer_id=new_id(),
        recipient="ada@example.com",
        text=text,
        said_at=NOW,
        delivery="queued",
        subject="Re: Größe falsch",
    )


@every_channel
def test_it_is_registered_under_its_own_name_and_worded_in_a_known_style(channel: Channel) -> None:
    assert CHANNELS[channel.name] is channel
    assert channel.style in Wording.model_fields
    assert STYLES[channel.name] == channel.style


@every_channel
def test_its_sample_says_who_what_and_when(channel: Channel) -> None:
    message = parsed(channel)
    assert message.channel == channel.name
    assert message.text.strip()
    assert message.address
    assert message.address_kind
    assert message.channel_message_id
    assert message.dedupe_key
    assert message.conversation_key
    assert message.received_at.tzinfo is not None
    assert message.received_at <= NOW
    assert message.speaker == "customer"
    assert message.quiet is None


@every_channel
def test_the_same_bytes_are_the_same_message(channel: Channel) -> None:
    first, again = parsed(channel), parsed(channel)
    assert first == again
    assert first.hash == again.hash
    assert message_id(channel.name, first.dedupe_key) == message_id(channel.name, again.dedupe_key)
    assert conversation_id(channel.name, first.conversation_key) != conversation_id("other", first.conversation_key)


@every_channel
def test_its_message_fits_the_contract(channel: Channel) -> None:
    message = parsed(channel)
    fact = MessageReceived(
        case_id=new_id(),
        message_id=message_id(channel.name, message.dedupe_key),
        conversation_id=conversation_id(channel.name, message.conversation_key),
        channel=channel.name,
        channel_message_id=message.channel_message_id,
        customer_id=new_id(),
        sender=message.address,
        text=message.text,
        received_at=message.received_at,
        subject=message.subject,
        second_transcript=message.second_transcript,
        duration_ms=message.duration_ms,
        rating=message.rating,
    )
    assert MessageReceived.model_validate_json(fact.body()) == fact


@every_channel
def test_it_delivers_our_words(channel: Channel) -> None:
    sent = answer(channel)
    composed = channel.compose(sent, ReplyContext(OWN, CODE, ("before@shop.example",)))
    if channel.name == "email":
        read = channel.parse(composed, Arrival(NOW, own=OWN))
        assert isinstance(read, AutomaticMail)
        assert read.kind == "loop"
        assert CODE in read.tracking_codes or CODE in composed.decode()
    else:
        told = json.loads(composed)
        assert (told["text"], told["tracking_code"], told["message_id"]) == (sent.text, CODE, str(sent.message_id))


@pytest.mark.parametrize("channel", SAID, ids=[channel.name for channel in SAID])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "", "rating": None, "second_transcript": None}, "body"),
        ({"said_at": "2026-11-23T12:06:00Z"}, "said_at"),
        ({"said_at": "2026-11-23T12:00:00"}, "said_at"),
        ({"message_id": ""}, "message_id"),
        ({"sender": {"kind": "email"}}, "sender.address"),
        ({"surprise": 1}, "surprise"),
        ({"speaker": "robot"}, "speaker"),
    ],
    ids=["nothing", "future", "no zone", "no id", "no address", "unknown field", "unknown speaker"],
)
def test_a_wrong_body_names_the_field(channel: Channel, change: dict[str, object], field: str) -> None:
    body = json.loads(sample(channel)) | change
    with pytest.raises(MalformedInput) as wrong:
        channel.parse(json.dumps(body).encode(), ARRIVAL)
    assert wrong.value.field == field
    assert wrong.value.fix


@pytest.mark.parametrize("channel", SAID, ids=[channel.name for channel in SAID])
def test_a_clock_that_is_a_little_fast_is_forgiven(channel: Channel) -> None:
    body = json.loads(sample(channel)) | {"said_at": "2026-11-23T12:04:00Z"}
    assert isinstance(channel.parse(json.dumps(body).encode(), ARRIVAL), InboundMessage)


def test_two_conversations_may_use_the_same_message_id() -> None:
    body = DoorMessage.model_validate_json((SAMPLES / "chat.json").read_bytes())
    chat = CHANNELS["chat"]
    keys = {
        one.dedupe_key
        for key in ("a", "b")
        if isinstance(
            one := chat.parse(body.model_dump_json().encode(), Arrival(NOW, conversation_key=key)), InboundMessage
        )
    }
    assert len(keys) == 2


def test_every_sample_belongs_to_a_channel() -> None:
    assert {path.stem for path in SAMPLES.iterdir()} == set(CHANNELS)
