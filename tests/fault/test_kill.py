"""kill -9 of any part, in the middle of the work: after the next start nothing is lost and nothing is there twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import Running

pytestmark = [pytest.mark.backends, pytest.mark.fault]
SAMPLES = str(Path(__file__).parents[2] / "samples")
PARTS = ("intake", "triage", "approvals", "followup", "casebook", "kafka", "postgres")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    stack = Running(tmp_path_factory.mktemp("calm") / "home")
    stack.recourse("up", "--detach")
    stack.recourse("ingest", SAMPLES)
    stack.settle()
    totals = stack.totals()
    stack.recourse("down")
    return totals


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A home on which every part was killed once while messages came in; up again at the end."""
    stack = Running(tmp_path_factory.mktemp("killed") / "home")
    for nth, part in enumerate(PARTS, start=1):
        stack.recourse("up", "--detach")
        feeding = stack.begin("ingest", SAMPLES, "--live", "--limit", str(nth * 8))
        stack.kill(part)
        feeding.kill()
        feeding.wait()
    stack.recourse("up", "--detach")
    stack.recourse("ingest", SAMPLES)
    stack.settle()
    yield stack
    stack.recourse("down")


def test_the_end_state_equals_that_of_an_undisturbed_run(survivor: Running, undisturbed: dict[str, Any]) -> None:
    totals = survivor.totals()
    for what in ("messages_in", "cases", "requests", "boundaries", "exceptions"):
        assert totals.get(what) == undisturbed.get(what), what
    assert undisturbed["messages_in"]


def test_no_event_was_given_up(survivor: Running) -> None:
    assert survivor.dead_letters() == []


def test_the_read_models_are_those_of_a_replay(survivor: Running) -> None:
    done = survivor.recourse("replay", check=False)
    assert done.returncode == 0, done.stdout
    assert "byte by byte" in done.stdout
