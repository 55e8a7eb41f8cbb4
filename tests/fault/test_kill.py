"""kill -9 of any part, in the middle of the work: after the next start nothing is lost and nothing is there twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from services.intake.adapters.outbox import LEASE
from shared.eventstore.chain import genesis, next_link
from tests.support.running import Running
from tests.support.waiting import until

pytestmark = [pytest.mark.backends, pytest.mark.fault]
SAMPLES = str(Path(__file__).parents[2] / "samples")
PARTS = ("intake", "triage", "approvals", "followup", "casebook", "kafka", "postgres")
LOGS = ("intake", "triage", "approvals", "followup")
# How many notes followup needs depends on which topic it hears first; what they come to is in all the other facts.
NOTES = frozenset({"followup.message_noted.v1", "followup.clocks_moved.v1"})
SHARE = 5  # dialogues for each part, so that there is work left for the last one


class End(NamedTuple):
    """What a run came to: events by type, and what the read models count; without the notes."""

    events: Counter[str]
    totals: dict[str, dict[str, int]]


def end_of(stack: Running) -> End:
    events = Counter(event.type for log in LOGS for event in stack.log(log) if event.type not in NOTES)
    totals = stack.totals()
    totals["events"] = {name: number for name, number in totals["events"].items() if name not in NOTES}
    return End(events, totals)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> End:
    stack = Running(tmp_path_factory.mktemp("calm") / "home")
    stack.recourse("up", "--detach")
    stack.recourse("ingest", SAMPLES)
    stack.settle()
    until(stack.mails_are_out, timeout=60)  # what leaves is recorded a little later than what came in
    stack.settle()
    end = end_of(stack)
    stack.recourse("down")
    return end


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A home on which every part was killed once while messages came in; up again at the end."""
    stack = Running(tmp_path_factory.mktemp("killed") / "home")
    for nth, part in enumerate(PARTS, start=1):
        stack.recourse("up", "--detach")
        before = stack.length("intake")
        feeding = stack.begin("ingest", SAMPLES, "--live", "--limit", str(nth * SHARE))
        until(lambda: stack.length("intake") > before)  # noqa: B023 # called here and now
        assert feeding.poll() is None, f"all was in before {part} was killed"
        stack.kill(part)
        feeding.kill()
        feeding.wait()
    stack.recourse("up", "--detach")
    stack.recourse("ingest", SAMPLES)
    stack.settle()
    until(stack.mails_are_out, timeout=LEASE.total_seconds() + 60)  # a killed outbox had taken some for this long
    stack.settle()
    yield stack
    stack.recourse("down")


def test_the_end_state_equals_that_of_an_undisturbed_run(survivor: Running, undisturbed: End) -> None:
    assert undisturbed.events["intake.message_received.v1"]
    assert undisturbed.totals["exceptions"]
    assert end_of(survivor) == undisturbed


def test_no_event_was_given_up(survivor: Running) -> None:
    assert survivor.dead_letters() == []


@pytest.mark.parametrize("log", LOGS)
def test_the_log_has_no_gap_and_its_chain_holds(survivor: Running, log: str) -> None:
    heads: dict[int, tuple[int, bytes]] = {}
    for event in survivor.log(log):
        position, link = heads.get(event.log_part, (0, genesis(log, event.log_part)))
        assert event.position == position + 1
        assert event.chain_hash == next_link(link, event)
        heads[event.log_part] = event.position, event.chain_hash
    assert heads


def test_the_read_models_are_those_of_a_replay(survivor: Running) -> None:
    done = survivor.recourse("replay", check=False)
    assert done.returncode == 0, done.stdout
    assert "byte by byte" in done.stdout
