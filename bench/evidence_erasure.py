"""Figures of erasing customers under live traffic on the whole system."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.erasing import Proof, erase_under_traffic, take_in
from bench.figure import Figure
from deploy.local.environment import ROOT
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.locks import alone
from deploy.local.stack import Stack

RATE = 20


@contextmanager
def erasing_stack(place: Path) -> Iterator[Home]:
    """Run the whole system in a new home under `place`; an open case does not stand against an erasure there."""
    policies = place / "policies"
    shutil.copytree(ROOT / "policies", policies)
    retention = policies / "retention.yaml"
    retention.write_text(retention.read_text().replace("open_cases: keep", "open_cases: erase"))
    home = Home(place / "home")
    home.prepare()
    stack = Stack(home, lambda _step: None, policies=policies)
    with alone(home.lock) as held:
        if not held:
            raise StackError(f"{home.root} is in use", "Name another place.")
        try:
            stack.start()
            yield home
        finally:
            stack.stop()


def erasure_figures(*, customers: int, erased: int) -> Iterator[Figure]:
    """Take in so many customers, erase some while others write, and search everything that is left."""
    with tempfile.TemporaryDirectory(prefix="recourse-bench-") as place, erasing_stack(Path(place)) as home:
        begun = time.perf_counter()
        people = asyncio.run(take_in(home, customers))
        taken_in = time.perf_counter() - begun
        begun = time.perf_counter()
        proof = asyncio.run(erase_under_traffic(home, people, erased, RATE))
        took = time.perf_counter() - begun
    yield Figure(
        f"words of {erased} erased among {customers:,} customers, found in files, tables, backups and topics",
        len(proof.left) + len(proof.readable),
        "places",
        "0, and others are read as before",
        _holds(proof, erased),
        {
            "MB searched": proof.searched_bytes / 1e6,
            "messages/s of others meanwhile": proof.live / proof.erasing,
            "customers erased a second, 4 at a time": erased / proof.erasing,
            "s an erasure took at most": proof.slowest,
            "s to take all customers in": taken_in,
            "s from the first erasure to the end of the search": took,
        },
    )


def _holds(proof: Proof, erased: int) -> bool:
    searched = {"files of postgres", "files of kafka", "tables", "backup", "topics"} <= proof.control
    return searched and len(proof.erased) == erased and not (proof.left or proof.readable or proof.unreadable)
