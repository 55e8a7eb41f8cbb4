"""The worker processes of a rebuild: fair shares, and failures that are told."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from services.casebook.projections.bulk import BulkJob, WorkerDied
from services.casebook.projections.workers import load_all, share

JOB = BulkJob(
    dsn="postgresql://nobody@/nowhere?host=/nowhere",
    bootstrap="127.0.0.1:1",
    topics={"intake": "intake.events"},
    schema="shadow",
    parts=(0, 1, 2, 3),
    until={("intake", 0): 50, ("intake", 1): 100, ("intake", 2): 60, ("triage", 2): 10, ("intake", 3): 30},
    parked=frozenset(),
)


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 9])
def test_every_log_partition_is_done_by_one_process(processes: int) -> None:
    jobs = share(JOB, processes)
    assert len(jobs) == min(processes, 4)
    assert sorted(part for job in jobs for part in job.parts) == [0, 1, 2, 3]


def test_processes_get_about_as_many_events() -> None:
    assert {frozenset(job.parts) for job in share(JOB, 2)} == {frozenset({1, 3}), frozenset({0, 2})}


def test_an_order_does_not_show_its_password() -> None:
    assert "secret" not in repr(replace(JOB, dsn="postgresql://casebook:secret@/db"))


async def test_a_database_that_is_away_is_told_without_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkerDied, match="look whether PostgreSQL and Kafka are up"):
        await load_all(share(JOB, 2), lambda _events: None)
    assert "Traceback" not in capfd.readouterr().err


async def test_a_worker_that_ends_without_a_word_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nexit 3\n")
    silent.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(silent))
    with pytest.raises(WorkerDied, match="exit code 3"):
        await load_all([JOB], lambda _events: None)
