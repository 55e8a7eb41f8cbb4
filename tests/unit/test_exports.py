"""What process mining gets: OCEL 2.0 and XES that tools read with the same counts, and nothing personal."""

import io
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pm4py  # type: ignore[import-untyped]  # it brings no types
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from lxml import etree

from deploy.docs.samples import released
from services.casebook.exports.ocel import OcelWriter, write_json
from services.casebook.exports.traces import NOTES, Traces
from services.casebook.exports.vocabulary import STANDS, event_type, event_types, plain_fields
from services.casebook.exports.xes import write_xes
from shared.contracts.event import REGISTRY, Recorded, decode
from shared.eventstore.seal import plan_of, seal_body
from tests.support.histories import interleave, make_lanes
from tests.support.recorded import recorded

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "ocel20.schema.json").read_text())
CANARY = "C4N4RY"
XES = "{http://www.xes-standard.org/}"


def history(seed: int) -> list[Recorded]:
    return interleave(make_lanes(seed, cases=6, per_lane=30), random.Random(seed))


def exported(events: Sequence[Recorded], tmp_path: Path) -> tuple[Path, dict[str, list[dict[str, object]]], int]:
    """The events as an OCEL database and as its JSON, and how many objects there are."""
    database = tmp_path / "log.sqlite"
    writer = OcelWriter(database)
    writer.add(events)
    objects = writer.finish()
    out = io.StringIO()
    write_json(database, out)
    return database, json.loads(out.getvalue()), objects


@pytest.mark.parametrize("seed", range(3))
def test_the_json_is_as_the_specification_asks(seed: int, tmp_path: Path) -> None:
    _, told, _ = exported(history(seed), tmp_path)
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(told)


@pytest.mark.parametrize("seed", range(3))
def test_every_event_is_there_once_and_every_relation_has_its_object(seed: int, tmp_path: Path) -> None:
    events = history(seed)
    _, told, objects = exported(events, tmp_path)
    assert Counter(one["id"] for one in told["events"]) == Counter(str(event.event_id) for event in events)
    ids = {one["id"] for one in told["objects"]}
    assert len(ids) == len(told["objects"]) == objects
    related = {
        to["objectId"]
        for one in (*told["events"], *told["objects"])
        for to in one["relationships"]  # type: ignore[attr-defined]  # JSON
    }
    assert related <= ids


def test_both_forms_tell_the_same(tmp_path: Path) -> None:
    database, told, _ = exported(history(7), tmp_path)
    db = sqlite3.connect(database)
    assert Counter(one["type"] for one in told["events"]) == Counter(
        kind for (kind,) in db.execute("SELECT ocel_type FROM event")
    )
    assert Counter(one["type"] for one in told["objects"]) == Counter(
        kind for (kind,) in db.execute("SELECT ocel_type FROM object")
    )
    mapped = dict(db.execute("SELECT ocel_type, ocel_type_map FROM event_map_type"))
    times = {row[0]: row[1] for name in mapped.values() for row in db.execute(f'SELECT * FROM "event_{name}"')}
    assert times == {one["id"]: one["time"] for one in told["events"]}


@pytest.mark.filterwarnings("ignore:Install the optional requirement:UserWarning:pm4py")
def test_pm4py_reads_all_three_with_the_same_counts(tmp_path: Path) -> None:
    events = history(3)
    database, told, objects = exported(events, tmp_path)
    (tmp_path / "log.json").write_text(json.dumps(told))
    for log in (pm4py.read_ocel2_sqlite(str(database)), pm4py.read_ocel2_json(str(tmp_path / "log.json"))):
        assert (len(log.events), len(log.objects)) == (len(events), objects)
    traces = Traces(tmp_path / "traces.sqlite")
    traces.add(events)
    traces.index()
    with (tmp_path / "log.xes").open("w", encoding="utf-8") as file:
        cases, steps = write_xes(traces, file)
    frame = pm4py.read_xes(str(tmp_path / "log.xes"))
    assert (frame["case:concept:name"].nunique(), len(frame)) == (cases, steps)


def test_nothing_personal_leaves_whatever_the_fact(tmp_path: Path) -> None:
    events = []
    for number, sample in enumerate(released()):
        fact = decode(sample.wire_type, sample.body)
        assert fact is not None
        event = recorded(fact, position=number + 1, event_id=UUID(int=number + 1))
        keys = dict.fromkeys(plan.subjects) if (plan := plan_of(type(fact))) else {}
        body = seal_body(fact, event.event_id, keys).replace(b"[erased]", CANARY.encode())
        events.append(event._replace(body=body))
    database, told, _ = exported(events, tmp_path)
    assert any(CANARY.encode() in event.body for event in events)
    assert CANARY not in json.dumps(told)
    assert CANARY.encode() not in database.read_bytes()


def test_a_trace_holds_its_case_s_steps_in_order(tmp_path: Path) -> None:
    events = history(5)
    traces = Traces(tmp_path / "traces.sqlite")
    traces.add(reversed(events), notes=False)
    traces.index()
    out = io.StringIO()
    write_xes(traces, out)
    log = etree.fromstring(out.getvalue().encode())
    wanted: dict[str, list[str]] = {}
    for event in sorted(events, key=lambda one: (one.recorded_at, one.log, one.position)):
        if event.stream_kind == "case" and event_type(event.type) not in NOTES:
            wanted.setdefault(str(event.stream_id), []).append(str(event.event_id))
    told = {
        _of(trace, "string", "concept:name")[0]: [
            _of(step, "id", "identity:id")[0] for step in trace.iterfind(f"{XES}event")
        ]
        for trace in log.iterfind(f"{XES}trace")
    }
    assert told == wanted
    assert all(_of(step, "date", "time:timestamp") for step in log.iter(f"{XES}event"))


def _of(node: etree._Element, kind: str, key: str) -> list[str]:
    return [str(one.attrib["value"]) for one in node.iterfind(f"{XES}{kind}") if one.attrib["key"] == key]


def test_an_unknown_fact_is_exported_by_what_its_header_says(tmp_path: Path) -> None:
    event = history(1)[0]._replace(type="intake.from_the_future.v9", body=b"{}")
    _, told, _ = exported([event], tmp_path)
    [one] = told["events"]
    assert one["type"] == "from the future"
    assert one["relationships"]


def test_every_name_in_the_vocabulary_is_a_field_of_its_fact() -> None:
    for wire_type, told in STANDS.items():
        fields = REGISTRY[wire_type].model_fields
        for owner, _, value in told:
            assert owner in fields
            assert not value.startswith(".") or value[1:].split(".")[0] in fields
    assert len(event_types()) >= 80
    assert "text" not in plain_fields(REGISTRY["intake.message_received.v1"])
