"""Customers are erased while others write: no word of theirs is left anywhere, and everything else goes on."""

import asyncio
from collections.abc import Iterator

import pytest

from bench.erasing import Proof, erase_under_traffic, take_in
from bench.evidence_erasure import erasing_stack
from shared.eventstore.chain import genesis, next_link
from tests.support.running import Running

pytestmark = [pytest.mark.backends, pytest.mark.fault]
CUSTOMERS, ERASED, RATE = 200, 20, 10
LOGS = ("intake", "triage", "approvals", "followup")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with erasing_stack(tmp_path_factory.mktemp("erasing")) as home:
        yield Running(home.root)


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
