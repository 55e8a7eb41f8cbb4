"""One trace follows a message from the door over Kafka through all deciding services."""

from collections.abc import Iterator

import pytest

from tests.support.collector import Collector, Seen, collecting
from tests.support.running import Running
from tests.support.waiting import until

pytestmark = pytest.mark.backends
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
DEMAND = "Your courier broke my vase. I demand compensation of $900 for what went wrong!"
DOOR = ("intake", "POST chat")
READ = ("triage", "process intake.message_received.v1")
PROPOSED = ("approvals", "process triage.exception_proposed.v1")
NOTED = ("followup", "process triage.exception_proposed.v1")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as opened:
        yield opened


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Running]:
    stack = Running(tmp_path_factory.mktemp("trace") / "home")
    stack.recourse("up", "--detach", "--otlp", collector.url)
    yield stack
    stack.recourse("down")


def of_this_trace(collector: Collector) -> dict[tuple[str, str], Seen]:
    return {(span.service, span.name): span for span in collector.spans if span.trace == TRACE}


def ancestors(span: Seen, collector: Collector) -> list[str]:
    """The ids of a span's parent, its parent's parent, and so on."""
    parents = {one.span: one.parent for one in collector.spans}
    found = [span.parent]
    while found[-1] in parents:
        found.append(parents[found[-1]])
    return found


def test_spans_of_four_services_descend_from_each_other_over_kafka(running: Running, collector: Collector) -> None:
    body = {"message_id": "m1", "text": DEMAND, "sender": {"kind": "handle", "address": "vase"}}
    with running.client("intake", "door") as door:
        answer = door.post("/chat/vase/messages", json=body, headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    assert answer.status_code < 300, answer.text
    until(lambda: {DOOR, READ, PROPOSED, NOTED} <= set(of_this_trace(collector)))
    spans = of_this_trace(collector)
    assert spans[DOOR].parent == CALLER
    assert spans[DOOR].span in ancestors(spans[READ], collector)
    assert spans[PROPOSED].parent == spans[READ].span
    assert spans[NOTED].parent == spans[READ].span


def test_every_event_of_the_case_names_the_trace_that_it_belongs_to(running: Running) -> None:
    running.settle()
    with running.client("casebook") as client:
        case = client.get("/cases").raise_for_status().json()["items"][0]
        entries = client.get(f"/cases/{case['case_id']}/timeline").raise_for_status().json()["items"]
    assert {entry["trace_id"] for entry in entries} == {TRACE}
