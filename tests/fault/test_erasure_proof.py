"""Customers are erased while others write: no word of theirs is left anywhere, and everything else goes on."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.erasing import Proof, erase_under_traffic, take_in
from deploy.local.environment import ROOT
from deploy.local.home import Home
from deploy.local.locks import alone
from deploy.local.stack import Stack
from shared.eventstore.chain import genesis, next_link
from tests.support.running import Running

pytestmark = [pytest.mark.backends, pytest.mark.fault]
CUSTOMERS, ERASED, RATE = 200, 20, 10
LOGS = ("intake", "triage", "approvals", "followup")


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's own policies, under which an open case does not stand against an erasure."""
    copied = tmp_path_factory.mktemp("rules") / "policies"
    shutil.copytree(ROOT / "policies", copied)
    retention = copied / "retention.yaml"
    retention.write_text(retention.read_text().replace("open_cases: keep", "open_cases: erase"))
    return copied


@pytest.fixture(scope="module")
def stack(policies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = Home(tmp_path_factory.mktemp("erasing") / "home")
    home.prepare()
    running = Stack(home, lambda _step: None, policies=policies)
    with alone(home.lock) as held:
        assert held
        try:
            running.start()
            yield Running(home.root)
        finally:
            running.stop()


@pytest.fixture(scope="module")
def proof(stack: Running) -> Proof:
    people = asyncio.run(take_in(stack.home, CUSTOMERS))
    return asyncio.run(erase_under_traffic(stack.home, people, ERASED, RATE))


def test_no_word_of_the_erased_is_left_in_a_file_table_backup_or_topic(proof: Proof) -> None:
    assert len(proof.erased) == ERASED
    assert proof.left == []


def test_the_search_finds_what_must_be_there(proof: Proof) -> None:
    assert {"files of postgres", "files of kafka", "tables", "backup", "topics"} <= proof.control


def test_nobody_reads_them_any_more(proof: Proof) -> None:
    assert proof.readable == []


def test_others_are_read_as_before_and_went_on_writing(proof: Proof) -> None:
    assert proof.unreadable == []
    assert proof.live > 0


@pytest.mark.parametrize("log", LOGS)
def test_every_chain_still_holds(stack: Running, proof: Proof, log: str) -> None:
    assert proof.erased
    heads: dict[int, tuple[int, bytes]] = {}
    for event in stack.log(log):
        position, link = heads.get(event.log_part, (0, genesis(log, event.log_part)))
        assert event.position == position + 1
        assert event.chain_hash == next_link(link, event)
        heads[event.log_part] = event.position, event.chain_hash


def test_rebuilt_read_models_equal_the_live_ones(stack: Running, proof: Proof) -> None:
    assert proof.erased
    done = stack.recourse("replay", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "byte by byte" in done.stdout


def test_no_event_was_given_up(stack: Running, proof: Proof) -> None:
    assert proof.erased
    assert stack.dead_letters() == []
