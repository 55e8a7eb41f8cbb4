"""The sample facts provider as a process of its own: it says where it listens, and answers a rule's look-up in time."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.triage.adapters.facts_provider import FactsProvider
from services.triage.domain.policies.lookups import LookedUp
from tests.support.tree import ROOT

FACTS = {"orders": {"#W7": {"order_id": "#W7", "status": "pending"}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tasks.jsonl"
    file.write_text(json.dumps({"id": "t:1", "facts": FACTS}))
    return file


async def look_up(url: str) -> LookedUp:
    async with FactsProvider(url) as provider:
        return await provider.lookup("order", "w7")


def test_the_served_records_are_looked_up_well_within_the_time_of_a_look_up(path: Path) -> None:
    command = [sys.executable, "-m", "deploy.local.cli.main", "facts", "serve", "--records", str(path)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            told = serving.stdout.readline()
            assert told.endswith(" serves 1 order\n")
            found = asyncio.run(look_up(told.split()[0]))
            assert (found.found, found.source, found.value["status"]) == (True, "provider", "pending")
        finally:
            serving.terminate()


def test_a_port_that_is_taken_is_one_line(path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "deploy.local.cli.main", "facts", "serve", "--records", str(path)]
        ran = subprocess.run([*command, "--port", port], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "--port" in ran.stderr
    assert "Traceback" not in ran.stderr
