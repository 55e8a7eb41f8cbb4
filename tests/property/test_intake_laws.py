"""Laws of intake: no bytes break the mail door, codes notice slips, and deciding twice says nothing new."""

import email
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.intake.channels.channel import Arrival, InboundMessage, OwnMail, ReplyContext
from services.intake.channels.chat import CHANNEL as CHAT
from services.intake.channels.email import CHANNEL
from services.intake.channels.mail_headers import mended
from services.intake.domain.commands import Command, MarkDelivered, MarkUndelivered, NoteClosure
from services.intake.domain.decider import make_decider
from services.intake.domain.policies.tracking import ALPHABET, codes_in, read_code, tracking_code
from services.intake.domain.policies.wording import REVIEW_LIMIT, Words, fitted
from shared.contracts.intake import CaseOpened, MessageReceived, MessageSent
from shared.kernel.errors import MalformedInput
from tests.support.intake import RULES
from tests.support.intakes import ADA, BOB, CASE, MONDAY, REPLY, agent_says, receive, reply, said

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OWN = OwnMail("care@shop.example", "shop.example")
ARRIVAL = Arrival(NOW, own=OWN)
SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "emails").rglob("*.eml"))
DECIDER = make_decider(RULES)
PATCHES = [b"", b"\x00", b"\xff\xfe", b"\n\n", b"\r", b"=?utf-8?b?", b"--", b"\x1b$B", b": ", b"<"]
WORDS = st.text(max_size=600).map(lambda text: text.encode("utf-8", "replace"))


@st.composite
def torn_mails(draw: st.DrawFn) -> bytes:
    """A real mail with bytes changed, lost, doubled, or put in from elsewhere."""
    raw = bytearray(draw(st.sampled_from(SAMPLES)).read_bytes()[:20_000])
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, len(raw)))
        upto = min(len(raw), at + draw(st.integers(0, 40)))
        patch = draw(
            st.sampled_from([b"", b"\x00", b"\xff\xfe", b"\n\n", b"\r", b"=?utf-8?b?", b"--", b"\x1b$B", b": ", b"<"])
        )
        raw[at:upto] = patch * draw(st.integers(1, 3))
    return bytes(raw)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        torn_mails(), st.binary(max_size=600), st.text(max_size=600).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_whatever_comes_in_by_mail_is_read(raw: bytes) -> None:
    read = CHANNEL.parse(raw, ARRIVAL)
    assert read == CHANNEL.parse(raw, ARRIVAL)
    assert read.dedupe_key
    assert read.received_at.tzinfo is not None
    if isinstance(read, InboundMessage):
        assert read.address
        assert "\x00" not in read.text + (read.subject or "") + read.address


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_mending_changes_nothing_that_it_mended(raw: bytes) -> None:
    assert mended(mended(raw)) == mended(raw)


@settings(deadline=None)
@given(
    subject=st.text(max_size=200),
    text=st.text(max_size=400),
    refs=st.lists(st.text(min_size=1, max_size=30), max_size=40),
)
def test_any_words_of_ours_can_be_mailed_and_read_back(subject: str, text: str, refs: list[str]) -> None:
    sent = MessageSent(
        case_id=CASE, message_id=REPLY, conversation_id=CASE, channel="email", purpose="agent",
        customer_id=ADA.customer_id, recipient="ada@example.com", text=text.encode("utf-8", "replace").decode(),
        said_at=NOW, delivery="queued", subject=subject.encode("utf-8", "replace").decode(),
    )  # fmt: skip
    raw = CHANNEL.compose(sent, ReplyContext(OWN, tracking_code(CASE), tuple(refs), automatic=False))
    mail = email.message_from_bytes(raw, policy=default)
    said_back = mail.get_content()
    assert said_back.split() == sent.text.split()
    assert mail["To"] == "ada@example.com"
    assert len(raw.split(b"\r\n\r\n", 1)[0]) < 40_000


@given(st.uuids(), st.integers(0, 20))
def test_a_code_is_found_again_however_it_is_written(case_id: UUID, attempt: int) -> None:
    code = tracking_code(case_id, attempt)
    spoken = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert read_code(code) == code
    assert read_code(spoken) == code
    assert codes_in(f"Re: [{code}] and {code}, please") == (code,)


@given(st.uuids(), st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_sign_is_noticed(case_id: UUID, place: int, sign: str) -> None:
    code = tracking_code(case_id)
    signs = list(code[3:].replace("-", ""))
    assume(signs[place] != sign)
    signs[place] = sign
    assert read_code("RC-" + "".join(signs[:4]) + "-" + "".join(signs[4:])) is None


@given(st.uuids(), st.integers(0, 7), st.integers(0, 7))
def test_two_signs_swapped_are_noticed(case_id: UUID, one: int, other: int) -> None:
    signs = list(tracking_code(case_id)[3:].replace("-", ""))
    assume(signs[one] != signs[other])
    signs[one], signs[other] = signs[other], signs[one]
    assert read_code("RC-" + "".join(signs[:4]) + "-" + "".join(signs[4:])) is None


@given(st.text(max_size=2000))
def test_a_public_answer_never_exceeds_its_limit(text: str) -> None:
    assert len(fitted(text, "review")) <= REVIEW_LIMIT


messages = st.builds(
    said,
    message=st.integers(100, 105).map(lambda number: UUID(int=number)),
    channel=st.sampled_from(["chat", "email", "phone", "review", "web"]),
    customer=st.sampled_from([ADA, BOB]),
    quiet=st.sampled_from([None, "it was sent to many"]),
)
commands: st.SearchStrategy[Command] = st.one_of(
    messages.map(receive),
    messages.map(agent_says),
    st.builds(reply, st.just(Words("No.")), automatic=st.booleans()),
    st.just(MarkDelivered(CASE, MONDAY, REPLY, 1, "250 OK")),
    st.just(MarkUndelivered(CASE, MONDAY, REPLY, 1, "550")),
    st.booleans().map(lambda closed: NoteClosure(CASE, MONDAY, closed, "why")),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(commands, max_size=15))
def test_one_opening_one_acknowledgement_and_nothing_twice(history: list[Command]) -> None:
    state = DECIDER.initial
    facts = []
    for command in history:
        decided = DECIDER.decide(command, state)
        facts += decided
        state = DECIDER.fold(decided, state)
        refused = any(type(fact).__name__.endswith("Refused") for fact in decided)
        assert refused or DECIDER.decide(command, state) == []
    said_by_us = [fact for fact in facts if isinstance(fact, MessageSent)]
    opened = [fact for fact in facts if isinstance(fact, CaseOpened)]
    received = [fact.message_id for fact in facts if isinstance(fact, MessageReceived)]
    acknowledged = [fact for fact in said_by_us if fact.text.startswith(("Dear", "Thank", "Hello"))]
    assert len(opened) == bool(received or said_by_us)
    assert len(received) == len(set(received))
    assert len([fact for fact in acknowledged if fact.in_reply_to in received]) <= 1
    assert all(fact.customer_id in (ADA.customer_id, BOB.customer_id) for fact in said_by_us)


@given(st.binary(max_size=200))
def test_a_door_refuses_nonsense_by_naming_the_field(raw: bytes) -> None:
    with pytest.raises(MalformedInput) as wrong:
        CHAT.parse(raw, ARRIVAL)
    assert wrong.value.field
