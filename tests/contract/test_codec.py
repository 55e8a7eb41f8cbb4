"""Facts survive the wire to the byte, and any CloudEvents 1.0 reader understands our records."""

import re
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deploy.docs.headers import HEADERS
from deploy.docs.samples import Sample, released
from deploy.docs.wire_schema import schema_id
from shared.contracts.catalogue import facts_of
from shared.contracts.event import REGISTRY, WIRE_PREFIX, Fact, Recorded, decode
from shared.kernel.errors import MalformedInput
from shared.messaging.codec import Wire, decode_record, encode
from tests.support.recorded import recorded

SAMPLES = [sample for sample in released() if sample.wire_type in facts_of(sample.wire_type.partition(".")[0])]
START = datetime(1971, 1, 1, tzinfo=UTC)
each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)

said = st.text(max_size=40)
ids = st.uuids()
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.integers(0, 7 * 10**15).map(
    lambda after: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=after)
)
anywhere = st.builds(datetime.astimezone, instants, zones)
traces = st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", fullmatch=True)


@st.composite
def events(draw: st.DrawFn) -> Recorded:
    """Any fact of ours as any log may hold it, with every combination of what may be absent."""
    sample = draw(st.sampled_from(SAMPLES))
    return _recorded(sample)._replace(
        event_id=draw(ids),
        log_part=draw(st.integers(0, 2**15 - 1)),
        position=draw(st.integers(1, 2**63 - 1)),
        version=draw(st.integers(1, 2**31 - 1)),
        actor=draw(said),
        on_behalf_of=draw(st.none() | said),
        via=draw(said),
        command_id=draw(st.none() | ids),
        correlation_id=draw(ids),
        causation_id=draw(st.none() | ids),
        traceparent=draw(st.none() | traces),
        recorded_at=draw(instants),
        received_at=draw(st.none() | anywhere),
        chain_hash=draw(st.binary(min_size=32, max_size=32)),
    )


def _recorded(sample: Sample) -> Recorded:
    fact = decode(sample.wire_type, sample.body)
    assert isinstance(fact, Fact)
    return recorded(fact)._replace(body_hash=sha256(sample.body).digest(), chain_hash=bytes(range(32)))


def _full(sample: Sample) -> Recorded:
    return _recorded(sample)._replace(
        on_behalf_of="sun.li",
        command_id=UUID(int=1),
        causation_id=UUID(int=2),
        traceparent=f"00-{1:032x}-{2:016x}-01",
        received_at=datetime(2026, 11, 23, 9, 11, 58, tzinfo=UTC),
    )


def _bare(sample: Sample) -> Recorded:
    return _recorded(sample)._replace(
        on_behalf_of=None, command_id=None, causation_id=None, traceparent=None, received_at=None
    )


def _as_kafka_gives_it(wire: Wire) -> Recorded:
    return decode_record(tuple((name, bytes(text)) for name, text in wire.headers), bytes(wire.value))


@given(events())
def test_what_is_sent_is_what_is_read(event: Recorded) -> None:
    assert _as_kafka_gives_it(encode(event)) == event


@each
def test_every_sample_survives_with_all_headers_and_with_the_fewest(sample: Sample) -> None:
    for event in (_full(sample), _bare(sample)):
        read = _as_kafka_gives_it(encode(event))
        assert read == event
        assert read.body == sample.body
        assert read.fact == decode(sample.wire_type, sample.body)


@given(events())
def test_the_value_is_the_stored_body_and_the_key_is_the_stream(event: Recorded) -> None:
    wire = encode(event)
    assert wire.value is event.body
    assert wire.key == encode(event._replace(event_id=UUID(int=7), position=9, actor="b")).key
    assert wire.key != encode(event._replace(stream_id=UUID(int=event.stream_id.int ^ 1))).key


@given(events())
def test_the_names_of_headers_follow_the_kafka_binding_of_cloudevents(event: Recorded) -> None:
    names = [name for name, _ in encode(event).headers]
    assert len(names) == len(set(names))
    assert {"ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"} <= set(names)
    attributes = [name for name in names if name not in {"content-type", "traceparent"}]
    assert [name for name in attributes if not re.fullmatch(r"ce_[a-z0-9]{1,20}", name)] == []


@given(events())
def test_every_record_is_as_the_published_pages_say(event: Recorded) -> None:
    carried = {name: text.decode() for name, text in encode(event).headers}
    known = {header.name: header for header in HEADERS}
    assert carried.keys() <= known.keys()
    assert {header.name for header in HEADERS if header.always} <= carried.keys()
    for name, text in carried.items():
        Draft202012Validator(known[name].form, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(text)


def test_every_header_that_the_pages_name_is_carried_by_some_record() -> None:
    assert [name for name, _ in sorted(encode(_full(SAMPLES[0])).headers)] == sorted(header.name for header in HEADERS)


@given(events())
def test_the_cloudevents_library_reads_our_records(event: Recorded) -> None:
    wire = encode(event)
    read = from_binary(KafkaMessage(dict(wire.headers), wire.key, wire.value), JSONFormat())
    assert read.get_specversion() == "1.0"
    assert read.get_id() == str(event.event_id)
    assert read.get_source() == f"/recourse/{event.log}"
    assert read.get_type() == f"{WIRE_PREFIX}{event.type}"
    assert read.get_subject() == str(event.stream_id)
    assert read.get_time() == event.recorded_at
    assert read.get_datacontenttype() == "application/json"
    assert read.get_dataschema() == schema_id(event.type)
    assert read.get_extension("partitionkey") == str(event.stream_id)
    assert read.get_extension("actor") == event.actor
    assert read.get_extension("position") == str(event.position)
    data: Any = read.get_data()
    assert REGISTRY[event.type].model_validate(data) == event.fact


def test_the_schema_is_named_by_an_absolute_uri_as_cloudevents_asks() -> None:
    assert re.match(r"[a-z][a-z0-9+.-]*:.", schema_id(SAMPLES[0].wire_type))


REQUIRED = [header.name for header in HEADERS if header.name in dict(encode(_bare(SAMPLES[0])).headers)]
NOT_READ = {"content-type", "ce_specversion", "ce_dataschema"}  # they say to others what we know


@pytest.mark.parametrize("name", [name for name in REQUIRED if name not in NOT_READ])
def test_a_record_without_a_header_that_we_need_is_refused_by_name(name: str) -> None:
    wire = encode(_full(SAMPLES[0]))
    with pytest.raises(MalformedInput) as refused:
        decode_record([header for header in wire.headers if header[0] != name], wire.value)
    assert refused.value.field == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ce_id", b"no uuid"),
        ("ce_position", b"one"),
        ("ce_logpart", b""),
        ("ce_time", b"yesterday"),
        ("ce_subject", b"\xff"),
        ("ce_chainhash", b"not hex"),
        ("ce_causationid", b"?"),
        ("ce_receivedat", b"2026-13-01"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(name: str, text: bytes) -> None:
    wire = encode(_full(SAMPLES[0]))
    headers = [(key, text if key == name else value) for key, value in wire.headers]
    with pytest.raises(MalformedInput):
        decode_record(headers, wire.value)
